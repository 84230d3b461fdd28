//! Tags on functions of all forms, and writers that name them.

#![deny(warnings)]

use cache_runtime::{Cache, redis_cache, redis_invalidate};

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct User {
    org: u64,
    name: String,
}

#[redis_cache(key = "a:{user.org}:{user.name}", tags = ["org:{user.org}", "name:{user.name:lower}", "all"])]
async fn of_fields(user: &User) -> u64 {
    user.org
}

#[redis_cache(key = "b:{T}:{N}", tags = ["{T}", "n:{N}", "{{tag}}:x"])]
async fn generic<T: 'static, const N: usize>() -> usize {
    N
}

#[redis_cache(skip(secret), tags = ["secret:{secret:hash}"])]
async fn default_key(id: u64, secret: String) -> u64 {
    id + secret.len() as u64
}

#[redis_cache(key = "c:{id}", tags = ["c"], stale_while_revalidate = "1m")]
async fn behind(id: u64, name: String) -> String {
    format!("{id}{name}")
}

#[redis_cache(key = "d:{id}", tags = ["d:{other}"], soft_timeout = "1s", stale_if_error = "1m")]
async fn timed(id: u64, other: &str) -> Result<String, String> {
    Ok(format!("{id}{other}"))
}

#[redis_cache(key = "g:{id}", err_ttl = 5, tags_with = |user| [("org", user.org)])]
async fn of_value(id: u64) -> Result<Option<User>, String> {
    Ok(Some(User { org: id, name: String::new() }))
}

#[redis_cache(key = "h:{T}", tags = ["h"], tags_with = tags_of_all)]
async fn of_values<T: 'static>() -> Vec<User> {
    Vec::new()
}

fn tags_of_all(users: &Vec<User>) -> impl Iterator<Item = (&'static str, u64, &str)> {
    users.iter().map(|user| ("user", user.org, &*user.name))
}

#[redis_cache(key = "i:{id}", tags_with = |name: &String| Some(format!("name:{name}")))]
fn of_plain_value(id: u64) -> String {
    id.to_string()
}

#[redis_cache(key = "j:{id}", l1, tags_with = |user| [("org", user.org)], none_ttl = 5)]
async fn of_kept_value(id: u64) -> Result<Option<User>, String> {
    Ok(Some(User { org: id, name: String::new() }))
}

#[redis_cache(key = "k:{id}", l1 = "1m", tags = ["all"], tags_with = tags_of_all)]
fn of_plain_kept_value(id: u64) -> Vec<User> {
    vec![User { org: id, name: String::new() }]
}

#[redis_cache(key = "e:{id}", tags = ["e:{id}",])]
fn plain(id: u64) -> u64 {
    id
}

struct Repo {
    name: String,
    cache: Cache,
}

impl Repo {
    #[redis_cache(key = "f:{self.name}:{id}", tags = ["repo:{self.name}", "{Self}"], cache = self.cache)]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(id), tags = ["repo:{self.name}"], keys = ["x:{id}"], cache = self.cache)]
    async fn write(&self, id: u64) {}

    #[redis_invalidate(tags = ["org:{result.org}", "name:{name}"], soft_tags = ["name:{result.name}"])]
    async fn create(&self, name: &str) -> Result<User, String> {
        Ok(User { org: 7, name: name.to_owned() })
    }

    #[redis_invalidate(soft_tags = ["repo:{self.name}"], tags = ["{Self}"])]
    fn write_plainly(&self) {}
}

// The companion takes what the tags use, too.
fn companions(repo: &Repo, user: &User) {
    let _ = of_fields_entry(user);
    let _ = generic_entry::<u8, 3>();
    let _ = default_key_entry(1, String::new());
    let _ = behind_entry(1);
    let _ = timed_entry(1, "");
    let _ = plain_entry(1);
    let _ = of_value_entry(1);
    let _ = of_values_entry::<u8>();
    let _ = of_plain_value_entry(1);
    let _ = of_kept_value_entry(1);
    let _ = of_plain_kept_value_entry(1);
    let _ = repo.find_entry(1);
}

#[test]
fn each_form_compiles() {
    let _ = (of_fields, generic::<u8, 3>, default_key, behind, timed, plain, companions);
    let _ = (of_value, of_values::<u8>, of_plain_value, of_kept_value, of_plain_kept_value);
    let _ = (Repo::find, Repo::write, Repo::write_plainly, Repo::create);
}
