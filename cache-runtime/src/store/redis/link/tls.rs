//! TLS over a socket. Certificates are read anew for each connection: they are replaced while
//! programs run.

use crate::config::Tls;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// rustls panics when it has to choose between several providers, or has none: choose first.
pub(super) fn provide_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody else was faster, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// TLS with whoever has a certificate for `host`. There is no way to do without one.
pub(super) async fn over(
    stream: TcpStream,
    host: &str,
    files: &Tls,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::other("the host's name is none that a certificate can have"))?;
    let connector = TlsConnector::from(Arc::new(config(files)?));
    connector.connect(name, stream).await.map_err(with_advice)
}

fn config(files: &Tls) -> io::Result<ClientConfig> {
    let config = ClientConfig::builder().with_root_certificates(roots(files.ca.as_deref())?);
    let Some((certificate, key)) = &files.client else { return Ok(config.with_no_client_auth()) };
    let chain = certificates(certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    config.with_client_auth_cert(chain, secret).map_err(|error| of_no_use(key, &error))
}

/// Those of the file, or the platform's.
fn roots(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        let mut found = rustls_native_certs::load_native_certs();
        if let Some(error) = found.errors.pop() {
            return Err(io::Error::other(error));
        }
        for certificate in found.certs {
            roots.add(certificate).map_err(io::Error::other)?;
        }
        return Ok(roots);
    };
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| of_no_use(file, &error))?;
    }
    Ok(roots)
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    match found {
        Ok(found) if Vec::is_empty(&found) => Err(of_no_use(file, &"it holds no certificate")),
        found => found.map_err(|error| unreadable(file, &error)),
    }
}

fn unreadable(file: &Path, error: &pem::Error) -> io::Error {
    match error {
        pem::Error::Io(error) => of_no_use(file, error),
        // Its words may repeat what stands in the file.
        _ => of_no_use(file, &"it is no PEM file of that kind"),
    }
}

fn of_no_use(file: &Path, why: &dyn Display) -> io::Error {
    io::Error::other(format!("the TLS file {}: {why}", file.display()))
}

/// rustls says what is wrong, and not what to do about it.
fn with_advice(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let advice = match cause {
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "name the file of the root that vouches for it in REDIS_TLS_CA"
        }
        Some(rustls::Error::InvalidMessage(_)) => "on this port it may not speak TLS",
        _ => return error,
    };
    io::Error::other(format!("{error}; {advice}"))
}
