use axum::Json;
use axum::http::StatusCode;
use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn user(id: u64) -> (StatusCode, Json<u64>) {
    (StatusCode::OK, Json(id))
}

fn main() {
    drop(user(1));
}
