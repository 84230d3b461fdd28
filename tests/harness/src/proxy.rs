//! The bad network in front of a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
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
    /// Answers of so many bytes and more are held back until it ends.
    Hold(usize),
    /// Questions are read and thrown away: the server never hears of them, nor of later ones by the
    /// same connection.
    Deaf,
    /// Answers are read and thrown away: the server did what the client never hears of, nor of later
    /// ones by the same connection.
    BlackHole,
    /// Every connection is closed, and each new one at once.
    Drop,
    /// Of the answers of each connection so many more bytes pass, and then it is closed.
    CutAfter(usize),
    /// Of the answers of each connection so many more bytes pass; the rest goes on when it ends.
    StallAfter(usize),
    /// The server's side of every connection is closed, and of each new one at once; what the client
    /// writes is taken.
    HalfClose,
    /// Every piece of an answer comes this much later.
    Delay(Duration),
    /// Answers become something that is not Redis' protocol.
    Garbage,
    /// Answers become one that no read has.
    OutOfTurn,
}

/// Forwards a port of its own to a server, on a thread of its own, and does what it is told.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    fault: watch::Sender<Fault>,
    held: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    server: Arc<AtomicU16>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FaultProxy {
    /// In front of `127.0.0.1:port`.
    pub fn start(port: u16) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let own = listener.local_addr().unwrap().port();
        let (fault, seen) = watch::channel(Fault::None);
        let [held, asked] = [(); 2].map(|()| Arc::<AtomicUsize>::default());
        let server = Arc::new(AtomicU16::new(port));
        let network = Network {
            fault: seen,
            held: held.clone(),
            asked: asked.clone(),
            server: server.clone(),
        };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(accept(listener, network));
        });
        Self { port: own, fault, held, asked, server, thread: Some(thread) }
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

    /// How many answers it has held back since its start.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::SeqCst)
    }

    /// How many pieces have come from clients: of one that waits for each answer, its commands.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// From now on, new connections lead to `127.0.0.1:port`, as those to a name do whose address has
    /// changed.
    pub fn lead_to(&self, port: u16) {
        self.server.store(port, Ordering::SeqCst);
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

/// What the proxy's tasks know of it.
#[derive(Clone)]
struct Network {
    fault: watch::Receiver<Fault>,
    held: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
    /// Its port.
    server: Arc<AtomicU16>,
}

async fn accept(listener: std::net::TcpListener, mut network: Network) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    tokio::spawn(forward(client, network.clone()));
                }
            }
            changed = network.fault.changed() => if changed.is_err() { return },
        }
    }
}

async fn forward(client: TcpStream, network: Network) {
    let mut fault = network.fault.clone();
    if *fault.borrow() == Fault::Drop {
        return;
    }
    let port = network.server.load(Ordering::SeqCst);
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let there = questions(from_client, to_server, network.clone());
    let back = answers(from_server, to_client, network);
    tokio::select! {
        () = there => {}
        () = back => {}
        // Also when the proxy is gone.
        _ = fault.wait_for(|fault| *fault == Fault::Drop) => {}
    }
}

type Reader = tokio::net::tcp::OwnedReadHalf;
type Writer = tokio::net::tcp::OwnedWriteHalf;

async fn questions(mut from: Reader, mut to: Writer, network: Network) {
    let Network { mut fault, asked, .. } = network;
    let mut buffer = vec![0; 16 * 1024];
    let mut lost = false;
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        asked.fetch_add(1, Ordering::SeqCst);
        let Ok(now) = fault.wait_for(|fault| *fault != Fault::Stall).await.map(|fault| *fault)
        else {
            return;
        };
        // What comes behind what was lost never arrives either.
        lost |= now == Fault::Deaf;
        if lost {
            continue;
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}

async fn half_closed(fault: &mut watch::Receiver<Fault>) {
    // An error says that the proxy is gone.
    let _ = fault.wait_for(|fault| *fault == Fault::HalfClose).await;
}

async fn answers(mut from: Reader, mut to: Writer, network: Network) {
    let Network { mut fault, held, .. } = network;
    let mut buffer = vec![0; 16 * 1024];
    let (mut told, mut passed, mut lost) = (Fault::None, 0, false);
    let mut halves = fault.clone();
    loop {
        let n = tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(n @ 1..) => n,
                _ => return,
            },
            () = half_closed(&mut halves) => {
                let _ = to.shutdown().await;
                // Until the client closes the other half, too.
                return std::future::pending().await;
            }
        };
        let holds = |fault: &Fault| matches!(fault, Fault::Hold(least) if n >= *least);
        if holds(&fault.borrow()) {
            held.fetch_add(1, Ordering::SeqCst);
        }
        let passes = |fault: &Fault| *fault != Fault::Stall && !holds(fault);
        let Ok(now) = fault.wait_for(passes).await.map(|fault| *fault) else { return };
        if now != told {
            (told, passed) = (now, 0);
        }
        lost |= now == Fault::BlackHole;
        if lost {
            continue;
        }
        let piece = match now {
            Fault::None
            | Fault::Stall
            | Fault::Hold(_)
            | Fault::Deaf
            | Fault::BlackHole
            | Fault::HalfClose => &buffer[..n],
            Fault::StallAfter(limit) => {
                let first = n.min(limit.saturating_sub(passed));
                if to.write_all(&buffer[..first]).await.is_err()
                    || (first < n && fault.wait_for(|fault| *fault != now).await.is_err())
                {
                    return;
                }
                passed += first;
                &buffer[first..n]
            }
            Fault::Drop => return,
            Fault::CutAfter(limit) => &buffer[..n.min(limit - passed)],
            Fault::Delay(by) => {
                tokio::time::sleep(by).await;
                &buffer[..n]
            }
            Fault::Garbage => &b"\x00what is this\r\n"[..],
            Fault::OutOfTurn => &b":7\r\n"[..],
        };
        if !matches!(now, Fault::StallAfter(_)) {
            passed += piece.len();
        }
        if to.write_all(piece).await.is_err() {
            return;
        }
        if matches!(now, Fault::CutAfter(limit) if passed >= limit) {
            return;
        }
    }
}
