//! The bad network in front of a server.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the network does to everything that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Connections stay open and nothing passes; what was held back goes on when it ends.
    Stall,
    /// Answers are read and thrown away: the server did what the client never hears of.
    BlackHole,
    /// Every connection is closed, and each new one at once.
    Drop,
    /// Of the answers of each connection so many more bytes pass, and then it is closed.
    CutAfter(usize),
    /// Every piece of an answer comes this much later.
    Delay(Duration),
    /// Answers become something that is not Redis' protocol.
    Garbage,
}

/// Forwards a port of its own to a server, on a thread of its own, and does what it is told.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    fault: watch::Sender<Fault>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FaultProxy {
    /// In front of `127.0.0.1:port`.
    pub fn start(port: u16) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let own = listener.local_addr().unwrap().port();
        let (fault, seen) = watch::channel(Fault::None);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(accept(listener, ([127, 0, 0, 1], port).into(), seen));
        });
        Self { port: own, fault, thread: Some(thread) }
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL to give to a cache.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// From now on, until told otherwise.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // Without its sender every task of the proxy ends.
        self.fault = watch::channel(Fault::None).0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    server: SocketAddr,
    mut fault: watch::Receiver<Fault>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(forward(client, server, fault.clone()));
                }
            }
            changed = fault.changed() => if changed.is_err() { return },
        }
    }
}

async fn forward(client: TcpStream, server: SocketAddr, mut fault: watch::Receiver<Fault>) {
    if *fault.borrow() == Fault::Drop {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let there = questions(from_client, to_server, fault.clone());
    let back = answers(from_server, to_client, fault.clone());
    tokio::select! {
        () = there => {}
        () = back => {}
        // Also when the proxy is gone.
        _ = fault.wait_for(|fault| *fault == Fault::Drop) => {}
    }
}

type Reader = tokio::net::tcp::OwnedReadHalf;
type Writer = tokio::net::tcp::OwnedWriteHalf;

async fn questions(mut from: Reader, mut to: Writer, mut fault: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if fault.wait_for(|fault| *fault != Fault::Stall).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: Reader, mut to: Writer, mut fault: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 16 * 1024];
    let (mut told, mut passed) = (Fault::None, 0);
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let Ok(now) = fault.wait_for(|fault| *fault != Fault::Stall).await.map(|fault| *fault)
        else {
            return;
        };
        if now != told {
            (told, passed) = (now, 0);
        }
        let piece = match now {
            Fault::None | Fault::Stall => &buffer[..n],
            Fault::Drop => return,
            Fault::BlackHole => continue,
            Fault::CutAfter(limit) => &buffer[..n.min(limit - passed)],
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                &buffer[..n]
            }
            Fault::Garbage => &b"\x00what is this\r\n"[..],
        };
        passed += piece.len();
        if to.write_all(piece).await.is_err() {
            return;
        }
        if matches!(now, Fault::CutAfter(limit) if passed >= limit) {
            return;
        }
    }
}
