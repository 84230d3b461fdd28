//! The network between the nodes of a cluster, which can be cut in two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The last part of the first node's address as the others see it, on the loopback.
const FIRST: u8 = 10;

/// By which the nodes talk to each other, each of which is on a side. Forwards on a thread of its own.
#[derive(Debug)]
pub(crate) struct Bus {
    ports: Vec<u16>,
    servers: Arc<Vec<AtomicU16>>,
    sides: watch::Sender<Vec<bool>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Bus {
    /// One for so many nodes, which all are on one side.
    pub(crate) fn start(nodes: usize) -> Self {
        let listen = |_| std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let listeners: Vec<_> = (0..nodes).map(listen).collect();
        let ports = listeners.iter().map(|it| it.local_addr().unwrap().port()).collect();
        let servers = Arc::new((0..nodes).map(|_| AtomicU16::new(0)).collect::<Vec<_>>());
        let (sides, seen) = watch::channel(vec![false; nodes]);
        let to = servers.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                for (node, listener) in listeners.into_iter().enumerate() {
                    tokio::spawn(accept(listener, node, to.clone(), seen.clone()));
                }
                // Without its sender it ends.
                let _ = seen.clone().wait_for(Vec::is_empty).await;
            });
        });
        Self { ports, servers, sides, thread: Some(thread) }
    }

    /// Where a node says that the others find it.
    pub(crate) fn port(&self, node: usize) -> u16 {
        self.ports[node]
    }

    /// From where it comes to the others.
    pub(crate) fn address(node: usize) -> String {
        format!("127.0.0.{}", usize::from(FIRST) + node)
    }

    /// Where it really is.
    pub(crate) fn lead_to(&self, node: usize, port: u16) {
        self.servers[node].store(port, Ordering::SeqCst);
    }

    /// From now on these are apart from the others.
    pub(crate) fn cut_off(&self, nodes: &[usize]) {
        self.sides.send_modify(|sides| {
            sides.iter_mut().enumerate().for_each(|(node, side)| *side = nodes.contains(&node));
        });
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.sides = watch::channel(Vec::new()).0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    node: usize,
    servers: Arc<Vec<AtomicU16>>,
    sides: watch::Receiver<Vec<bool>>,
) {
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((from, peer)) = listener.accept().await {
        let std::net::IpAddr::V4(ip) = peer.ip() else { continue };
        let [.., last] = ip.octets();
        let Some(other) = last.checked_sub(FIRST).map(usize::from) else { continue };
        let port = servers[node].load(Ordering::SeqCst);
        tokio::spawn(forward(from, port, (node, other), sides.clone()));
    }
}

async fn forward(
    mut from: TcpStream,
    port: u16,
    (node, other): (usize, usize),
    mut sides: watch::Receiver<Vec<bool>>,
) {
    let apart = move |sides: &Vec<bool>| sides.get(node) != sides.get(other);
    if apart(&sides.borrow()) {
        return;
    }
    let Ok(mut to) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut from, &mut to) => {}
        // Also when the bus is gone.
        _ = sides.wait_for(apart) => {}
    }
}
