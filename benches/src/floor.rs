//! What one would write by hand.

use crate::ours::Failed;
use crate::setup::User;
use redis::Script;
use redis::aio::MultiplexedConnection;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A hit. The connection is cloned as the client asks of those who share one.
pub(crate) async fn hit(connection: &MultiplexedConnection, key: &str) -> User {
    let mut connection = connection.clone();
    let bytes: Vec<u8> = redis::cmd("GET").arg(key).query_async(&mut connection).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Hits of all of these keys, which are built beforehand, by one command.
pub(crate) async fn hits(
    connection: &MultiplexedConnection,
    keys: &[String],
) -> HashMap<u64, User> {
    let mut connection = connection.clone();
    let mut all = redis::cmd("MGET");
    for key in keys {
        all.arg(key);
    }
    let found: Vec<Option<Vec<u8>>> = all.query_async(&mut connection).await.unwrap();
    let users = found.iter().flatten().map(|bytes| serde_json::from_slice::<User>(bytes).unwrap());
    users.map(|user| (user.id, user)).collect()
}

/// A miss, with its key built as ours builds it: `GET`, the body, `SET PX`.
pub(crate) async fn miss(connection: &MultiplexedConnection, id: u64) -> Result<User, Failed> {
    let mut connection = connection.clone();
    let key = format!("bench:floor:{id}");
    find_none(&mut connection, &key).await;
    let user = bare(id).await?;
    let bytes = serde_json::to_vec(&user).unwrap();
    let mut set = redis::cmd("SET");
    set.arg(&key).arg(bytes).arg("PX").arg(300_000);
    set.query_async::<()>(&mut connection).await.unwrap();
    Ok(user)
}

/// Stores the value and gives the lock back, if it is still one's own.
static FILL: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        redis.call('DEL', KEYS[2])
        return 1",
    )
});

/// A miss of which no two run at once: with a lock around the body, as ours has its lease.
pub(crate) async fn locked(connection: &MultiplexedConnection, id: u64) -> Result<User, Failed> {
    let mut connection = connection.clone();
    let key = format!("bench:floor:{id}");
    find_none(&mut connection, &key).await;
    let lock = format!("{key}~lock");
    let mut set = redis::cmd("SET");
    set.arg(&lock).arg(id).arg("NX").arg("PX").arg(3_000);
    set.query_async::<()>(&mut connection).await.unwrap();
    let user = bare(id).await?;
    let bytes = serde_json::to_vec(&user).unwrap();
    let mut fill = FILL.key(&key);
    fill.key(&lock).arg(id).arg(bytes).arg(300_000);
    assert_eq!(fill.invoke_async::<u8>(&mut connection).await.unwrap(), 1);
    Ok(user)
}

async fn find_none(connection: &mut MultiplexedConnection, key: &str) {
    let found: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await.unwrap();
    assert_eq!(found, None);
}

/// The function without the attribute.
pub(crate) async fn bare(id: u64) -> Result<User, Failed> {
    Ok(User::new(id))
}
