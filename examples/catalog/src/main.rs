//! The program: settings, database, cache, and a server until it is told to end.

use catalog::banner::Banner;
use catalog::database::Db;
use catalog::settings::Settings;
use catalog::{AppState, app, metrics};
use std::error::Error;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[tokio::main]
#[allow(clippy::print_stderr)] // for whoever started it, also where the log is off
async fn main() -> ExitCode {
    let settings = Settings::load().unwrap_or_else(|error| error.exit());
    // Not sqlx' warnings of slow statements: the one that fills the database is long.
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx::query=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match serve(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("catalog: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let metrics = metrics::install()?;
    let cache = settings.cache()?;
    cache.install()?;
    let db = Db::open(&settings.database()).await?;
    let state = AppState::new(db.clone(), cache.clone(), metrics, settings.admin_token.clone());
    let app = app(state)?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", settings.listen))?;
    let mut terminate = signal(SignalKind::terminate())?;
    Banner::new(settings, listener.local_addr()?).print();

    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("no new requests; waiting for those under way");
        })
        .await?;
    cache.shutdown().await;
    db.close().await;
    Ok(())
}
