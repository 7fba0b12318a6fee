//! `bonafide serve`: opens, listens, says so, and ends in order.

use crate::config::{DeliveryAccess, HoldDecision, Settings};
use crate::connections::Patience;
use crate::failure::Failure;
use crate::keeping::Keeper;
use crate::metrics::{Figures, Requests};
use crate::place::Place;
use crate::schedule::Scheduler;
use crate::{connections, housekeeping, metrics, place};
use axum::body::Body;
use axum::http::{Request, Response};
use bonafide_accounts::Accounts;
use bonafide_storage::feed;
use hyper::body::Incoming;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) async fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let place = place::open(settings).await?;
    let accounts = place.accounts().await?;
    let listener = bind(settings).await?;
    serve(settings, listener, place, accounts, |_| String::new()).await
}

/// Takes the address to listen on.
pub(crate) async fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(&settings.listen).await;
    bound.map_err(|cause| Failure::Refused(format!("cannot listen on {}: {cause}", settings.listen)))
}

/// Serves an installation until the process is told to end. What `more` says of the address is printed with it.
pub(crate) async fn serve(
    settings: &Settings,
    listener: TcpListener,
    place: Place,
    accounts: Accounts,
    more: impl FnOnce(SocketAddr) -> String,
) -> Result<ExitCode, Failure> {
    let end = Ends::listen().map_err(|cause| Failure::Refused(format!("signals cannot be received: {cause}")))?;
    let address = listener.local_addr().map_err(|cause| Failure::of(&cause))?;
    let retention = place.retention(settings).await?;
    let Place { db, keyring, clock, entropy, site } = place;
    let service = bonafide_api::service(bonafide_api::Parts {
        db: db.clone(),
        keyring,
        clock: Arc::clone(&clock),
        entropy: entropy.clone(),
        accounts,
        retention: retention.clone(),
        site: site.id,
        settings: http(settings),
    });
    let requests = Requests::default();
    let counted = requests.clone();
    let service = move |peer| {
        let counted = counted.clone();
        tower::ServiceExt::<Request<Incoming>>::map_response(service.of(peer), move |response: Response<Body>| {
            counted.count(&response);
            response
        })
    };
    if let Some(address) = &settings.metrics_listen {
        let listener = metrics::bind(address).await?;
        let figures = Figures::new(retention.clone(), Arc::clone(&clock), site.id, requests);
        tokio::spawn(metrics::serve(listener, figures));
        tracing::info!(address, "Metrics are served");
    }
    let keeper = Keeper { retention, clock: Arc::clone(&clock), site: site.id };
    let scheduler = Scheduler { db: db.clone(), clock: Arc::clone(&clock), entropy: entropy.clone(), site: site.id };
    let background = [
        tokio::spawn(feed::watch(db.clone())),
        tokio::spawn(scheduler.run()),
        tokio::spawn(housekeeping::run(db.clone(), clock, entropy.clone())),
        tokio::spawn(keeper.clone().settle()),
        tokio::spawn(keeper.clone().sweep(entropy)),
        tokio::spawn(keeper.look_after_keys()),
    ];
    tracing::info!(database = %db.source(), version = env!("CARGO_PKG_VERSION"), "The server is ready");
    say(address, &more(address));
    connections::serve(listener, service, Patience::default(), end.first()).await;
    for task in background {
        task.abort();
    }
    tracing::info!("The server has ended");
    Ok(ExitCode::SUCCESS)
}

/// The settings as the HTTP surface knows them.
fn http(settings: &Settings) -> bonafide_api::Settings {
    bonafide_api::Settings {
        cache_bytes: settings.cache_bytes,
        delivery_access: match settings.delivery_access {
            DeliveryAccess::Public => bonafide_api::DeliveryAccess::Public,
            DeliveryAccess::Token => bonafide_api::DeliveryAccess::Token,
        },
        trusted_proxies: settings.trusted_proxies.clone(),
        admin_origins: settings.admin_origins.clone(),
        request_timeout: settings.request_timeout,
        requests_per_minute: settings.requests_per_minute,
        submissions_per_minute: settings.submissions_per_minute,
        hold_decision: match settings.hold_decision {
            HoldDecision::TwoPeople => bonafide_api::HoldDecision::TwoPeople,
            HoldDecision::SingleOperator => bonafide_api::HoldDecision::SingleOperator,
        },
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// The one line that scripts wait for. A reader that has gone away is no reason to end.
fn say(address: SocketAddr, more: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "listening on http://{address}").and_then(|()| out.write_all(more.as_bytes()));
    let _ = out.flush();
}

/// The signals that end the process.
struct Ends {
    terminate: Signal,
    interrupt: Signal,
}

impl Ends {
    /// From now on a signal is noted and does not kill.
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the first one. A second one ends the process at once.
    async fn first(mut self) {
        self.either().await;
        tokio::spawn(async move {
            self.either().await;
            std::process::exit(1);
        });
    }

    async fn either(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
