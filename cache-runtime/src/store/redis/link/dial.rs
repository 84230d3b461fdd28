//! Opening a connection: the socket, TLS over it where that was asked for, and the task that
//! drives it.
//!
//! The client library can open connections as well, but keeps that task to itself. That one has
//! ended could then be seen by a failing command alone.

use super::bounded::{Bound, Bounded};
#[cfg(feature = "tls")]
use super::tls;
use super::wire::Wire;
use crate::config::Tls;
use redis::aio::{AsyncPushSender, AsyncStream, MultiplexedConnection, SendError};
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, ConnectionAddr, PushInfo, RedisConnectionInfo, RedisResult};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Notify;

/// What a connection is made of.
type Stream = Pin<Box<dyn AsyncStream + Send + Sync>>;

/// Where to connect, and as whom.
#[derive(Clone)]
pub(super) struct Destination {
    pub(super) place: ConnectionAddr,
    pub(super) login: RedisConnectionInfo,
    #[cfg_attr(not(feature = "tls"), allow(dead_code))]
    pub(super) tls: Tls,
}

/// A new connection, which tells `ended` when it ends. It ends where an answer holds a text above
/// the bound.
pub(super) async fn dial(
    to: &Destination,
    ended: &Arc<Notify>,
    bound: &Arc<Bound>,
) -> RedisResult<Wire> {
    open(to, AsyncConnectionConfig::new(), ended, bound.clone()).await
}

/// A new connection by RESP3 that hands to `pushes` what the server says without being asked.
pub(super) async fn dial_pushing(
    to: &Destination,
    pushes: impl AsyncPushSender,
    bound: &Arc<Bound>,
) -> RedisResult<Wire> {
    let config = AsyncConnectionConfig::new().set_push_sender(pushes);
    open(to, config, &Arc::default(), bound.clone()).await
}

/// A new connection by RESP3. `told` hears when it ends, and whenever the server says something that
/// it was not asked.
pub(super) async fn dial_told(to: &Destination, told: &Arc<Notify>) -> RedisResult<Wire> {
    let hears = told.clone();
    let config = AsyncConnectionConfig::new().set_push_sender(move |_: PushInfo| {
        hears.notify_one();
        Ok::<_, SendError>(())
    });
    open(to, config, told, Arc::new(Bound::none())).await
}

async fn open(
    to: &Destination,
    config: AsyncConnectionConfig,
    ended: &Arc<Notify>,
    bound: Arc<Bound>,
) -> RedisResult<Wire> {
    let stream = Bounded::new(stream(to).await?, bound);
    // Every command has a deadline of its own; a second one beside it would only cost.
    let config = config.set_response_timeout(None);
    let (connection, driver) =
        MultiplexedConnection::new_with_config(&to.login, stream, config).await?;
    Ok(Wire::driven(connection, driver, ended.clone()))
}

async fn stream(to: &Destination) -> io::Result<Stream> {
    Ok(match &to.place {
        ConnectionAddr::Tcp(host, port) => Box::pin(tcp(host, *port).await?),
        #[cfg(feature = "tls")]
        ConnectionAddr::TcpTls { host, port, .. } => {
            Box::pin(tls::over(tcp(host, *port).await?, host, &to.tls).await?)
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => Box::pin(tokio::net::UnixStream::connect(path).await?),
        _ => return Err(io::ErrorKind::Unsupported.into()),
    })
}

/// Whichever of the host's addresses answers first.
async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = lookup_host((host, port)).await?;
    let mut attempts: Vec<_> =
        addresses.map(|address| Box::pin(TcpStream::connect(address))).collect();
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    let stream = poll_fn(|context| {
        let mut connected = None;
        attempts.retain_mut(|attempt| match attempt.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(Ok(stream)) => {
                connected = Some(stream);
                false
            }
            Poll::Ready(Err(error)) => {
                failed = error;
                false
            }
        });
        match connected {
            Some(stream) => Poll::Ready(Some(stream)),
            None if attempts.is_empty() => Poll::Ready(None),
            None => Poll::Pending,
        }
    });
    let stream = stream.await.ok_or(failed)?;
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(15))
        .with_interval(Duration::from_secs(5));
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    socket.set_tcp_user_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}
