//! The program: settings, database, cache, and a server until it is told to end.

use catalog::banner::Banner;
use catalog::database::Db;
use catalog::settings::Settings;
use catalog::{AppState, app, metrics};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing_subscriber::EnvFilter;

/// How long requests under way may take once the service was told to end: longer than any may take
/// at all, and shorter than it takes until Kubernetes kills.
const GRACE: Duration = Duration::from_secs(20);

#[tokio::main]
#[allow(clippy::print_stderr)] // for whoever started it, also where the log is off
async fn main() -> ExitCode {
    let settings = Settings::load().unwrap_or_else(|error| error.exit());
    tracing_subscriber::fmt().with_env_filter(filter()).with_writer(std::io::stderr).init();
    match serve(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("catalog: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: &Settings) -> Result<(), Box<dyn Error>> {
    // First of all: as a container's first process this one ends by no signal that it does not heed.
    let mut end = Box::pin(end()?);
    let metrics = metrics::install()?;
    let cache = settings.cache()?;
    cache.install()?;
    // So that the log says now, and not at the first request, if Redis does not answer.
    drop(tokio::spawn({
        let cache = cache.clone();
        async move { cache.ping().await }
    }));
    let options = settings.database();
    let db = tokio::select! {
        db = Db::open(&options) => db?,
        () = &mut end => return Ok(()),
    };
    let state = AppState::new(db.clone(), cache.clone(), metrics, settings.admin_token.clone());
    let app = app(state)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    Banner::new(settings, listener.local_addr()?).print();

    let ending = Arc::new(Notify::new());
    let ended = ending.clone();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        end.await;
        tracing::info!("no new requests; waiting for those under way");
        ended.notify_one();
    });
    tokio::select! {
        served = server.into_future() => served?,
        // Somebody sends half a request and no more.
        () = async { ending.notified().await; sleep(GRACE).await } => {
            tracing::warn!("some connections did not end; leaving them");
        }
    }
    cache.shutdown().await;
    db.close().await;
    Ok(())
}

/// SIGTERM or SIGINT.
fn end() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What is logged: as `RUST_LOG` says, else what an operator wants to know.
fn filter() -> EnvFilter {
    let asked = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let asked = asked.and_then(|text| EnvFilter::try_new(text).ok());
    // Not sqlx' warnings of slow statements: the one that fills the database is long.
    asked.unwrap_or_else(|| EnvFilter::new("info,sqlx::query=error"))
}
