use cache_runtime::redis_put;

fn get_user_entry(id: &u64) -> &u64 {
    id
}

#[redis_put(get_user(&id))]
async fn update(id: u64) -> String {
    id.to_string()
}

fn main() {}
