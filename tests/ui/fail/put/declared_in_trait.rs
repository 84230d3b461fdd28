use cache_runtime::redis_put;

trait Users {
    #[redis_put(get_user(id))]
    async fn update(&self, id: u64) -> String;
}

fn main() {}
