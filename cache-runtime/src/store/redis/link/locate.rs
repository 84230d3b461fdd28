//! Where to connect now, and as whom: what may be another answer each time is asked here.

use super::dial::Destination;
use super::sentinels::{Primary, Sentinel, primary};
use crate::config::{Password, Place, Server};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How long the program may take to say a password: it may have to ask somebody else.
const ASKING: Duration = Duration::from_secs(5);

/// Where `server` is now, and as whom it is connected to; and what its sentinels say, each of which
/// has `within` to answer.
pub(super) async fn locate(
    server: &Server,
    within: Duration,
) -> Result<(Destination, Option<Primary>), String> {
    let (place, primary) = match &server.place {
        Place::Server(place) | Place::Member(place) => (place.clone(), None),
        // Its nodes are connected to, each by itself.
        Place::Cluster(_) => return Err("a cluster is no server".to_owned()),
        Place::Primary(sentinels) => {
            let primary = primary(Sentinel::all(sentinels, server, within)).await?;
            (primary.place.clone(), Some(primary))
        }
    };
    let mut login = server.login.clone();
    if let Some(password) = &server.password {
        login = login.set_password(ask(password).await?);
    }
    let to = Destination { place, login, tls: server.tls.clone() };
    Ok((to, primary))
}

/// Asks in a task of its own: what is asked is the user's code, and a panic of it would be the
/// supervisor's.
async fn ask(password: &Password) -> Result<String, String> {
    let password = password.clone();
    let task = tokio::spawn(async move { password.ask().await });
    let _ending = EndedWith(task.abort_handle());
    match timeout(ASKING, task).await {
        Ok(Ok(answer)) => answer.map_err(|why| format!("no password was to be had: {why}")),
        Ok(Err(_)) => Err("what `password_with` asks for the password has panicked".to_owned()),
        Err(_) => Err("what `password_with` asks for the password did not answer".to_owned()),
    }
}

/// Ends the task with whoever waits for it.
struct EndedWith(AbortHandle);

impl Drop for EndedWith {
    fn drop(&mut self) {
        self.0.abort();
    }
}
