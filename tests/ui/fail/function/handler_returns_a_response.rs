use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "page:{id}")]
async fn page(Path(id): Path<u64>) -> Result<Response, StatusCode> {
    Ok(Response::new(id.to_string().into()))
}

fn main() {
    drop(page(Path(1)));
}
