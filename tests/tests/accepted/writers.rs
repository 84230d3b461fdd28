//! Writers on every kind of function, and beside one another.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

use cache_runtime::{Cache, redis_cache, redis_invalidate};
use std::future::Future;
use std::pin::Pin;

mod core {}
mod std_ {}
struct Option;
struct Targets;
fn targets() {}
fn invalidating() {}

#[redis_cache(key = "user:{id}")]
async fn get_user(id: u64) -> u64 {
    id
}

mod users {
    use cache_runtime::redis_cache;

    #[redis_cache(key = "users:{org}:{name}")]
    pub async fn list_users(org: u64, name: &str) -> Result<Vec<u64>, String> {
        Ok(vec![org, name.len() as u64])
    }
}

struct User {
    org_id: u64,
    name: String,
}

#[derive(Debug)]
struct Failed;

#[redis_invalidate(get_user(id), users::list_users(user.org_id, &user.name), keys = ["user:{id}", "name:{user.name:lower}"],)]
async fn update(id: u64, mut user: User) -> Result<u64, Failed> {
    user.name.push('x');
    if id == 0 {
        return Err(Failed);
    }
    let targets = Err::<u64, _>(Failed).or(Ok::<_, Failed>(id))?;
    Ok(targets + user.org_id)
}

#[redis_invalidate(get_user(id))]
async fn returns_nothing(id: u64) {
    let _ = id;
}

#[redis_invalidate(get_user(__targets + pending + body))]
async fn hygiene(__targets: u64, pending: u64, body: u64) -> u64 {
    __targets + pending + body
}

#[redis_invalidate(get_user(id))]
async fn opaque(id: u64) -> impl Iterator<Item = u64> {
    std::iter::once(id)
}

#[redis_invalidate(get_user(*id))]
fn boxed<'a>(id: &'a u64) -> Pin<Box<dyn Future<Output = u64> + Send + 'a>>
where
    u64: From<u64>,
{
    let id = *id;
    Box::pin(async move { id })
}

#[redis_invalidate(get_user(*_id))]
fn future(_id: &u64) -> impl Future<Output = u64> + '_ {
    async move { *_id }
}

#[redis_invalidate(get_user(id))]
fn plain(id: u64, names: &mut Vec<String>) -> Result<u64, String> {
    names.push(id.to_string());
    let parsed = names.join("").parse::<u64>().map_err(|error| error.to_string())?;
    Ok(parsed)
}

#[redis_invalidate(get_user(id))]
fn plain_and_nothing(id: u64) {
    let _ = id;
}

#[redis_invalidate(get_user(1))]
#[redis_invalidate(keys = ["a:{id}"])]
async fn two(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(id))]
#[redis_cache(key = "w:{id}")]
async fn invalidates_on_a_miss(id: u64) -> u64 {
    id
}

#[redis_cache(key = "v:{id}")]
#[redis_invalidate(get_user(id))]
async fn invalidates_always(id: u64) -> u64 {
    id
}

#[redis_invalidate(keys = ["g:{T}:{id}"])]
async fn generic<T: Send, const N: usize>(id: u64, value: T) -> (u64, T) {
    (id + N as u64, value)
}

#[redis_invalidate(users::list_users(org, _), users::list_users(_, &name.to_owned()), users::list_users(_, _), get_user(_))]
async fn open(org: u64, name: String) -> String {
    name + &org.to_string()
}

#[redis_invalidate(users::list_users(org, _), users::list_users(*result, _))]
fn open_plainly(org: u64) -> u64 {
    org
}

#[redis_invalidate(users::list_users(result.org_id, &result.name), get_user(id), keys = ["x:{result.org_id}"])]
async fn of_the_result(id: u64, user: User) -> Result<::std::option::Option<User>, Failed> {
    if id == 0 { Err(Failed) } else { Ok(Some(user)) }
}

#[redis_invalidate(users::list_users(*result, &user.name))]
fn of_the_result_plainly(user: &User) -> u64 {
    user.org_id
}

#[redis_invalidate(get_user(result.org_id))]
#[redis_invalidate(users::list_users(org, &result.name), cache = cache)]
async fn of_the_result_twice(org: u64, cache: Cache, mut user: User) -> User {
    user.org_id += org;
    drop(cache);
    user
}

struct Repo {
    cache: Cache,
    tenant: u64,
}

impl Repo {
    #[redis_cache(key = "r:{self.tenant}:{id}", cache = self.cache)]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_cache(key = "n:{id}")]
    async fn named(id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(id), Self::named(id), keys = ["k:{self.tenant}"], cache = self.cache)]
    async fn save(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(_), Self::named(_))]
    async fn open(&mut self) {
        self.tenant += 1;
    }

    #[redis_invalidate(self.find(*result), self.find(result + self.tenant))]
    async fn of_the_result(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.find(id))]
    async fn change(&mut self, id: u64) -> u64 {
        self.tenant += 1;
        id
    }

    #[redis_invalidate(self.find(1))]
    async fn consume(self) -> u64 {
        self.tenant
    }
}

trait Native {
    async fn save_it(&self, id: u64) -> u64;
}

impl Native for Repo {
    #[redis_invalidate(self.find(id), Self::named(id))]
    async fn save_it(&self, id: u64) -> u64 {
        id
    }
}

#[async_trait::async_trait]
trait Dynamic {
    async fn store(&mut self, id: u64) -> Result<u64, String>;
    async fn nothing(&self, name: &str);
}

#[async_trait::async_trait]
impl Dynamic for Repo {
    #[redis_invalidate(self.find(id), keys = ["k:{id}"])]
    async fn store(&mut self, id: u64) -> Result<u64, String> {
        self.tenant = id;
        if id == 0 {
            return Err("none".to_owned());
        }
        Ok(id)
    }

    #[redis_invalidate(get_user(name.len() as u64))]
    async fn nothing(&self, name: &str) {
        let _ = name;
    }
}

mod renamed {
    pub use cache_runtime as runtime;

    #[runtime::redis_invalidate(super::get_user(id), crate = runtime)]
    pub async fn elsewhere(id: u64) -> u64 {
        id
    }
}

fn is_send<T: Send>(_: T) {}

#[test]
fn each_form_compiles() {
    is_send(update(1, User { org_id: 1, name: String::new() }));
    is_send(returns_nothing(1));
    is_send(open(1, String::new()));
    open_plainly(1);
    is_send(of_the_result(1, User { org_id: 1, name: String::new() }));
    is_send(boxed(&1));
    plain_and_nothing(plain(1, &mut Vec::new()).unwrap());
    let _ = (opaque(1), future(&1), two(1), generic::<_, 2>(1, 2), renamed::elsewhere(1));
}

trait Named {
    async fn find(&self, id: u64) -> u64;
    async fn store(&self, id: u64);
    async fn load(id: u64) -> u64;
}

struct Sql;

#[redis_cache(ttl = 60, key = "free:{id}")]
async fn find(id: u64) -> u64 {
    id
}

/// Functions of the module beside methods that are called like them.
#[redis_cache]
impl Named for Sql {
    #[redis_cache(key = "find:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(Self::find(id), self::find(id), self::find(_))]
    async fn store(&self, id: u64) {
        let _ = id;
    }

    #[redis_invalidate(self::find(*result))]
    async fn load(id: u64) -> u64 {
        id
    }
}

#[test]
fn a_function_is_named_beside_a_method_of_its_name() {
    drop((Sql.find(1), find(1), Sql.store(1), Sql::load(1)));
}
