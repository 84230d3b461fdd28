//! Figures for Prometheus: those that the cache gives to the `metrics` facade.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// The bounds of the histograms' buckets, in seconds: a hit takes well below a millisecond, a heavy
/// query half a second.
const BUCKETS: [f64; 10] = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.02, 0.1, 0.25, 0.5, 2.0];

/// How often histograms take in what was measured, so that it does not pile up unread.
const UPKEEP: Duration = Duration::from_secs(5);

/// What `GET /metrics` reads. To be made before the first cached call, inside a runtime.
///
/// # Errors
/// There is a recorder already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}
