//! What keys look like, and that different calls never share one.

use cache_runtime::{CacheKey, redis_cache};

#[derive(CacheKey)]
enum Role {
    Guest,
    Member { since: u16 },
}

#[derive(CacheKey)]
struct UserId(u64);

#[redis_cache(ttl = 60, key = "messages:{role}:{room}")]
async fn messages(role: Role, room: &str) -> Vec<String> {
    match role {
        Role::Guest => vec![format!("{room} is for members")],
        Role::Member { since } => vec![format!("welcome to {room}, member since {since}")],
    }
}

#[redis_cache(ttl = 60, key = "profile:{id}:{email:hash}:{lang:lower}")]
async fn profile(id: UserId, email: &str, lang: &str) -> String {
    format!("{} {email} {lang}", id.0)
}

// No `key`: the function's path and every argument but the skipped one.
#[redis_cache(ttl = 60, skip(token))]
async fn search(token: &str, words: &[&str], page: Option<u32>) -> usize {
    token.len() + words.len() + page.map_or(0, |page| page as usize)
}

// One key for each type of a generic function.
#[redis_cache(ttl = 60, key = "parsed:{T}:{text}")]
async fn parsed<T>(text: &str) -> Option<T>
where
    T: std::str::FromStr + serde::Serialize + serde::de::DeserializeOwned,
{
    text.parse().ok()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    cache_examples::cache()?.install()?;

    println!("{}", messages_entry(Role::Guest, "lobby").key()?);
    println!("{}", messages_entry(Role::Member { since: 2019 }, "a:b").key()?);
    println!("{}", profile_entry(UserId(7), "ada@example.org", "EN").key()?);
    println!("{}", search_entry(&["red", "shoes, size 40"], None).key()?);
    println!("{}", search_entry(&["red", "shoes", "size 40"], Some(2)).key()?);
    println!("{}", parsed_entry::<u32>("1").key()?);
    println!("{}", parsed_entry::<String>("1").key()?);

    messages(Role::Guest, "lobby").await;
    profile(UserId(7), "ada@example.org", "EN").await;
    search("secret", &["red"], None).await;
    assert_eq!(
        (parsed::<u32>("1").await, parsed::<String>("1").await),
        (Some(1), Some("1".into()))
    );
    Ok(())
}
