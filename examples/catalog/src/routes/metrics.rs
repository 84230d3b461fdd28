//! What Prometheus reads.

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use metrics_exporter_prometheus::PrometheusHandle;

pub(super) async fn metrics(
    State(handle): State<PrometheusHandle>,
) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
}
