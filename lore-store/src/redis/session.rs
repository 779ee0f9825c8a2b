//! [`Session`]: one connection that a server answers on. [`dial`] makes it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use futures_util::{
    FutureExt as _,
    future::{AbortHandle, abortable, join3},
};
use lore_core::task::Spawner;
use redis::{
    AsyncConnectionConfig, Cmd, RedisConnectionInfo, RedisError, Value, aio::MultiplexedConnection, cmd,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    config::{Address, Target},
    failure::Failure,
    tls,
};

/// A connection that calls share. It ends when nobody holds it any more.
#[derive(Debug)]
pub(super) struct Session {
    connection: MultiplexedConnection,
    /// Answers so far, to tell a slow call from a silent server.
    answers: AtomicU64,
    has_ended: Arc<AtomicBool>,
    driver: AbortHandle,
}

impl Session {
    /// Starts to drive a connection.
    async fn start<S>(stream: S, spawner: &dyn Spawner) -> Result<Self, RedisError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Calls are limited as a whole, and the log-in is our own: the driver's loses the code of a refusal.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let nobody = RedisConnectionInfo::default().set_skip_set_lib_name();
        let (connection, driver) = MultiplexedConnection::new_with_config(&nobody, stream, config).await?;
        let (driving, driver) = abortable(driver);
        let has_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&has_ended);
        spawner.spawn(driving.map(move |_| ended.store(true, Ordering::Release)).boxed());
        Ok(Self { connection, answers: AtomicU64::new(0), has_ended, driver })
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = self.connection.clone().send_packed_command(command).await?;
        self.answers.fetch_add(1, Ordering::Relaxed);
        answer.extract_error()
    }

    /// How many answers came so far.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether the connection is known to be lost.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Logs in, and sees that the server answers. All in one round trip.
    async fn greet(&self, target: &Target) -> Result<(), Failure> {
        let login = async {
            let Some(password) = &target.password else { return Ok(()) };
            let mut auth = cmd("AUTH");
            if let Some(username) = &target.username {
                auth.arg(username);
            }
            self.send(auth.arg(password.expose())).await.map(drop)
        };
        let select = async {
            if target.database == 0 {
                return Ok(());
            }
            self.send(cmd("SELECT").arg(target.database)).await.map(drop)
        };
        let (login, select, ping) = join3(login, select, self.send(&cmd("PING"))).await;
        let ping = ping.map(drop).map_err(Failure::of_ping);
        // A connection that is gone explains whatever came before it: a full server refuses the first command, whichever
        // that is, and hangs up.
        if let Err(lost) = &ping
            && lost.is_of_connection()
        {
            return ping;
        }
        login.map_err(Failure::of_login)?;
        // Without a log-in, selecting is refused like all else, and the ping tells it best.
        ping?;
        select.map_err(Failure::of_select)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Connects to a server and logs in.
pub(super) async fn dial(target: &Target, spawner: &dyn Spawner) -> Result<Session, Failure> {
    let session = match &target.address {
        Address::Tcp { host, port } => Session::start(tcp(host, *port).await?, spawner).await?,
        Address::Tls { host, port, name, config } => {
            let connector = TlsConnector::from(Arc::clone(config));
            let stream =
                connector.connect(name.clone(), tcp(host, *port).await?).await.map_err(tls::refused)?;
            Session::start(stream, spawner).await?
        }
        #[cfg(unix)]
        Address::Unix(path) => Session::start(tokio::net::UnixStream::connect(path).await?, spawner).await?,
    };
    session.greet(target).await?;
    Ok(session)
}

async fn tcp(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    // Commands are small, and each is waited for.
    stream.set_nodelay(true)?;
    Ok(stream)
}
