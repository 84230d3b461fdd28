use cache_runtime::{redis_cache, redis_invalidate};

struct User {
    team: Team,
}

struct Team {
    lead: Option<Lead>,
}

struct Lead {
    id: u64,
}

struct Repo {
    user: User,
}

#[redis_cache(key = "lead:{user.team.lead.id}")]
async fn lead(user: &User) -> u64 {
    user.team.lead.as_ref().map_or(0, |lead| lead.id)
}

impl Repo {
    #[redis_invalidate(keys = ["lead:{self.user.team.lead.id}"])]
    async fn change(&self) {}
}

fn main() {}
