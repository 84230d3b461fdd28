//! The rights of a cluster's user: those of the guide are enough, and one that is missing is named.

use super::*;
use cache_tests::{limited, rights_for, rights_for_all};
use std::collections::BTreeSet;

#[redis_cache(ttl = 600, key = "tagged:{n}", tags = ["group:{n}"])]
async fn tagged(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

#[redis_cache(ttl = 600, key = "own:{n}", tags_with = |number| [("number", *number)])]
async fn own_tags(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

#[redis_cache(ttl = 600, key = "held:{n}", l1)]
async fn kept(world: &World, n: u64) -> u64 {
    assert!(n > 0);
    world.read().await
}

/// What cached functions and writers need on a cluster, and beside it what the guide says of `others`.
fn functions_and(others: &[&str]) -> String {
    let rows = ["cached functions and writers", "a cluster"].iter().chain(others);
    once(&rows.map(|what| rights_for(what)).collect::<Vec<_>>().join(" "))
}

/// All that there is.
fn all() -> String {
    let more = functions_and(&["functions with `l1`", "patterns, `clear`, `count_keys` on a"]);
    once(&format!("{} {more}", rights_for_all()))
}

/// Each of them once.
fn once(rights: &str) -> String {
    let all: BTreeSet<_> = rights.split(' ').collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// A new cache of a user who may do just this.
fn with_rights(cluster: &Cluster, rights: &str) -> Cache {
    let user = ["ACL", "SETUSER", "app", "reset", "on", ">pw", "~shop:*"];
    let rule: Vec<_> = user.into_iter().chain(rights.split(' ')).collect();
    for node in cluster.nodes() {
        node.command::<()>(&rule);
        node.command::<()>(&["FLUSHALL"]);
    }
    builder_at(&cluster.url_as("app:pw@")).prefix("shop").build().unwrap()
}

/// What is said of rights that are missing, of whichever node.
fn lacks(logs: &[Logs]) -> Option<String> {
    logs.iter().flat_map(Logs::lines).find(|line| line.contains("let us do everything"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_of_them() {
    let cluster = Cluster::of_primaries();
    let logs = logs(&cluster);
    limited(async {
        let cache = with_rights(&cluster, &all());
        config::everything_works(&cluster, &cache).await;
        assert_eq!(warned(&logs), [""; 0]);
        assert_eq!(lacks(&logs), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_each_part_those_that_the_guide_names() {
    let cluster = Cluster::of_primaries();
    let (logs, world) = (logs(&cluster), World::default());
    limited(async {
        // A slot that is being moved is asked for where it is.
        let cache = with_rights(&cluster, &functions_and(&[]));
        warm(&cache, &world, &[1, 2, 3]).await;
        let moving = cluster.begin_move(cluster.slot("shop:n:1"), {
            let holder = cluster.holder("shop:n:1");
            (holder + 1) % 3
        });
        assert!(moving.key("shop:n:1") && hits(&cache, &world, 1).await);
        moving.finish();
        cluster.settled();
        let raised = called(&cache, raise(&world, 1)).await.0.1;
        assert_eq!(call(&cache, &world, 1).await.0, raised);

        let cache = with_rights(&cluster, &functions_and(&["functions with `tags`;"]));
        let hit = async |n| called(&cache, tagged(&world, n)).await.1.hits == 1;
        for n in 1..=3 {
            eventually(DEADLINE, || hit(n)).await;
            assert!(cache.invalidate_tag(&format!("group:{n}")).await.unwrap());
            assert!(!hit(n).await && hit(n).await);
        }

        let cache = with_rights(&cluster, &functions_and(&["soft invalidations of tags"]));
        eventually(DEADLINE, || async { called(&cache, tagged(&world, 1)).await.1.hits == 1 })
            .await;
        assert!(cache.soft_invalidate_tag("group:1").await.unwrap());

        let cache = with_rights(&cluster, &functions_and(&["functions with `tags_with`"]));
        let hit = async || called(&cache, own_tags(&world, 1)).await.1.hits == 1;
        eventually(DEADLINE, hit).await;
        assert!(cache.invalidate_tag(&format!("number:{}", world.version())).await.unwrap());
        assert!(!hit().await && hit().await);

        let patterns =
            ["patterns, `clear`, `count_keys` |", "patterns, `clear`, `count_keys` on a"];
        let cache = with_rights(&cluster, &functions_and(&patterns));
        warm(&cache, &world, &[1, 2, 3]).await;
        assert_eq!(cache.count_keys().await, Ok(3));
        assert_eq!(cache.invalidate_matching("n:[12]").await, Ok(2));
        assert_eq!(cache.clear().await, Ok(1));

        let cache = with_rights(&cluster, &functions_and(&["functions with `l1`"]));
        for n in 1..=6 {
            let kept = async || called(&cache, kept(&world, n)).await.1.memory_hits == 1;
            eventually(DEADLINE, kept).await;
        }
        assert_eq!(warned(&logs), [""; 0]);
    })
    .await;
}

/// One that is missing is named when the program starts, and what works goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_one_is_named_at_the_start() {
    let cluster = Cluster::of_primaries();
    let (all, needed, world) = (all(), functions_and(&[]), World::default());
    // Without the right to read, or to know who has what, nothing works.
    let apart = |right: &str| matches!(right, "+get" | "+cluster|slots");
    limited(async {
        for right in all.split(' ').filter(|right| !apart(right)) {
            let rest: Vec<_> = all.split(' ').filter(|other| *other != right).collect();
            let logs = logs(&cluster);
            let cache = with_rights(&cluster, &rest.join(" "));
            call(&cache, &world, 1).await;
            eventually(DEADLINE, || async { lacks(&logs).is_some() }).await;
            let said = lacks(&logs).unwrap();
            let command = right.trim_start_matches('+').replace('|', " ").to_uppercase();
            assert!(said.contains(&format!("lacks={command}: ")), "{said}");
            let needed = needed.split(' ').any(|needed| needed == right);
            assert!(said.starts_with(if needed { "WARN" } else { "INFO" }), "{said}");
            assert_eq!(said.matches(": ").count(), 1, "and nothing else: {said}");
            if !needed {
                warm(&cache, &world, &[1, 2, 3]).await;
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_map_it_is_out_of_reach() {
    let cluster = Cluster::of_primaries();
    let (logs, world) = (logs(&cluster), World::default());
    limited(async {
        let cache = with_rights(&cluster, &all().replace("+cluster|slots ", ""));
        assert_eq!(call(&cache, &world, 1).await.1.misses, 1);
        // Of the cluster as a whole, and of none of its nodes.
        let said = warned(&logs);
        let said = said.first().map_or("", String::as_str);
        assert!(said.contains("NOPERM") && said.contains("'cluster"), "{said}");
        assert!(cache.ping().await.is_err());
    })
    .await;
}
