//! What goes together on the wire.

use super::*;
use cache_tests::{RedisServer, Scene, limited};

/// How often the server has read from its connections.
fn reads(server: &RedisServer) -> u64 {
    let info: String = server.command(&["INFO", "stats"]);
    let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
    line.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn hits_are_one_command_for_every_128_keys() {
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..300).collect();
    limited(async {
        scene.one.scope(rows(&table, &ids)).await.unwrap();
        // By a process that knows from nowhere how large the values are.
        scene.other.ping().await.unwrap();
        let alone = scene.server.calls("get"); // scripts ask for values too
        for (count, commands) in [(300, 3), (100, 1), (2, 1), (1, 0)] {
            let before = scene.server.calls("mget");
            scene.other.scope(rows(&table, &ids[..count])).await.unwrap();
            assert_eq!(scene.server.calls("mget") - before, commands, "{count} keys");
        }
        assert_eq!(scene.server.calls("get") - alone, 1, "the last one");
        assert_eq!(table.asked().len(), 1);
    })
    .await;
}

/// The server reads at most 16 KiB at once, and the requests of one step are more than that.
#[tokio::test]
async fn a_miss_asks_for_all_leases_together_and_fills_them_together() {
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..200).collect();
    limited(async {
        // The scripts are known to the server from here on.
        scene.one.scope(rows(&table, &[1000])).await.unwrap();
        let before = reads(&scene.server);
        scene.one.scope(rows(&table, &ids)).await.unwrap();
        let took = reads(&scene.server) - before;
        assert!(took < 100, "{took} reads for 200 keys, of three steps each");
    })
    .await;
}

/// Each member with tags is read with its own, in a command of its own; they go out together.
#[tokio::test]
async fn members_with_tags_are_read_together() {
    #[redis_cache(ttl = 60, key = "of:{id}", batch = "ids", tags = ["all", "of:{id}"])]
    async fn tagged(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..200).collect();
    limited(async {
        scene.one.scope(tagged(&table, &ids)).await.unwrap();
        scene.other.ping().await.unwrap();
        let (read, sent) = (reads(&scene.server), scene.server.calls("mget"));
        assert_eq!(scene.other.scope(tagged(&table, &ids)).await, Ok(at(1, &ids)));
        assert_eq!(table.asked().len(), 1);
        let (read, sent) = (reads(&scene.server) - read, scene.server.calls("mget") - sent);
        assert!(sent == 200 && read < 40, "{sent} commands in {read} messages");
    })
    .await;
}

/// Members that say their tags are read together, and then what these have; and all are stored together.
#[tokio::test]
async fn members_that_say_their_tags_are_read_and_stored_together() {
    #[redis_cache(ttl = 60, key = "own:{id}", batch = "ids", tags_with = |row| [("row", *row)])]
    async fn own(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..200).collect();
    limited(async {
        // The scripts are known to the server from here on.
        scene.one.scope(own(&table, &[1000])).await.unwrap();
        let before = reads(&scene.server);
        scene.one.scope(own(&table, &ids)).await.unwrap();
        let took = reads(&scene.server) - before;
        assert!(took < 150, "{took} reads for 200 keys, of four steps each");
        scene.other.ping().await.unwrap();
        let (read, sent) = (reads(&scene.server), scene.server.calls("mget"));
        assert_eq!(scene.other.scope(own(&table, &ids)).await, Ok(at(1, &ids)));
        assert_eq!(table.asked().len(), 2);
        let (read, sent) = (reads(&scene.server) - read, scene.server.calls("mget") - sent);
        assert!(sent == 202 && read < 40, "{sent} commands in {read} messages");
    })
    .await;
}
