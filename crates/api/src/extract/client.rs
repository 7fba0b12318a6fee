//! Who a client is: the address of its socket, or what a trusted proxy says.

use crate::app::App;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The address of the client of a request.
pub(crate) struct Client(pub(crate) IpAddr);

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(client_address(&parts.extensions, &parts.headers, &app.parts.settings.trusted_proxies)))
    }
}

/// The address of a client. `X-Forwarded-For` counts only as far as trusted proxies wrote it.
pub(crate) fn client_address(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let socket = extensions.get::<ConnectInfo<SocketAddr>>().map_or(Ipv4Addr::UNSPECIFIED.into(), |info| info.0.ip());
    let mut client = socket.to_canonical();
    let listed: Vec<_> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in listed.into_iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let (proxy, client) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 7]));
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from((proxy, 1))));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "198.51.100.1, 192.0.2.7".parse().expect("a header"));
        assert_eq!(client_address(&extensions, &headers, &[]), proxy);
        assert_eq!(client_address(&extensions, &headers, &[proxy]), client);
        headers.insert("x-forwarded-for", "nonsense".parse().expect("a header"));
        assert_eq!(client_address(&extensions, &headers, &[proxy]), proxy);
    }
}
