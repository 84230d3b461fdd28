//! What a program is told of its functions together, once, whoever makes its cache: each case in a process
//! of its own. No function of this suite has `tags_with`, beside which no tag is known to be of no use.

use cache_runtime::{Cache, redis_cache, redis_invalidate};
use cache_tests::{Logs, own_process};

#[redis_cache(key = "told:{name}")]
async fn by_name(name: &str) -> u64 {
    name.len() as u64
}

#[redis_cache(key = "told:admin", tags = ["told:{id}"])]
async fn admin(id: u64) -> u64 {
    id
}

#[redis_invalidate(tags = ["told:{id}", "tolled:{id}"])]
async fn save(id: u64) -> u64 {
    id
}

const CHILD: &str = "CACHE_TESTS_TOLD";

/// Not a test by itself: what the cases below run in a process of its own.
#[tokio::test]
async fn child() {
    let Ok(case) = std::env::var(CHILD) else { return };
    let logs = Logs::capture("");
    let calls = async || (by_name("x").await, admin(1).await, save(1).await);
    match &*case {
        "installed" => Cache::builder().build().unwrap().install().unwrap(),
        "in_memory" => drop(Cache::in_memory().scope(calls()).await),
        _ => {}
    }
    calls().await;
    for line in logs.lines().iter().filter(|line| line.contains("told") || line.contains("tolled"))
    {
        println!("\nsaid:{line}");
    }
}

#[test]
fn of_keys_and_tags_that_are_not_meant() {
    for case in ["installed", "first_call", "in_memory"] {
        let mut command = own_process("told::child", CHILD, case);
        let output = command.env("REDIS_URL", "memory://").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("said:WARN")).collect();
        let about = |what: &str| said.iter().filter(|line| line.contains(what)).count();
        assert_eq!(about("can render the same key"), 1, "{case}: {text}");
        assert_eq!(about("tag=\"tolled:{id}\""), 1, "{case}: {text}");
        assert_eq!(about("tag="), 1, "{case}: {text}");
    }
}
