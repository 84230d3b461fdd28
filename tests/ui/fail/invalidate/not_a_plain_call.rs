use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(ttl = 60, key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

#[redis_invalidate(if id > 0 { get_user(id) })]
async fn by_condition(id: u64) {}

#[redis_invalidate(match id { 0 => get_user(0), id => get_user(id) })]
async fn by_match(id: u64) {}

#[redis_invalidate(&get_user(id))]
async fn by_reference(id: u64) {}

#[redis_invalidate(get_user(id)?)]
async fn by_question_mark(id: u64) {}

#[redis_invalidate([get_user(id), get_user(7)])]
async fn in_a_list(id: u64) {}

#[redis_invalidate((get_user(id), get_user(7)))]
async fn in_a_tuple(id: u64) {}

fn main() {
    drop(get_user(1));
}
