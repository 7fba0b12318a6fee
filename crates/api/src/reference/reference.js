"use strict";

// The public document is open. The admin document wants a login, so this page asks for one and keeps the access token
// in memory only.
let accessToken = null;

function show(options) {
  SwaggerUIBundle({
    dom_id: "#ui",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (accessToken && new URL(request.url, location.href).pathname.startsWith("/admin/")) {
        request.headers.Authorization = `Bearer ${accessToken}`;
      }
      return request;
    },
    ...options,
  });
}

async function login(event) {
  event.preventDefault();
  const message = document.getElementById("message");
  const response = await fetch("/admin/v1/auth/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      email: document.getElementById("email").value,
      password: document.getElementById("password").value,
    }),
  });
  const body = await response.json();
  if (!response.ok) {
    message.textContent = body.detail;
    return;
  }
  accessToken = body.access_token;
  message.textContent = "";
  document.getElementById("login").classList.remove("open");
  show({ url: "/admin/v1/openapi.json" });
}

document.getElementById("public").addEventListener("click", () => show({ url: "/v1/openapi.json" }));
document.getElementById("admin").addEventListener("click", () => {
  if (accessToken) {
    show({ url: "/admin/v1/openapi.json" });
  } else {
    document.getElementById("login").classList.add("open");
    document.getElementById("email").focus();
  }
});
document.getElementById("login").addEventListener("submit", login);
show({ url: "/v1/openapi.json" });
