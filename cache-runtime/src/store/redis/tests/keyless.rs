//! A proxy that closes connections on which it is sent a command that it does not know.

use super::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};

/// In front of a server; knows no `SCAN`.
async fn without_scan(server: RedisServer, listener: TcpListener) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server.address()).await.unwrap();
        tokio::spawn(async move {
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            let there = async {
                let mut buffer = vec![0; 4096];
                while let Ok(n @ 1..) = from_client.read(&mut buffer).await {
                    if buffer[..n].windows(4).any(|word| word == b"SCAN") {
                        return;
                    }
                    to_server.write_all(&buffer[..n]).await.unwrap();
                }
            };
            tokio::select! {
                () = there => {}
                _ = copy(&mut from_server, &mut to_client) => {}
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_is_to_blame() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(without_scan(RedisServer::start(), listener));
    let logs = Logs::capture(address.clone());
    let store = store_at(&format!("redis://{address}"));
    assert!(works(&store).await);
    assert_eq!(store.scan("p:*", None, DEADLINE).await, Err(Error::Unavailable));
    eventually(DEADLINE, async || works(&store).await).await;
    let lines = logs.lines();
    assert!(!lines.iter().any(|line| line.contains("left alone")), "{lines:?}");
}
