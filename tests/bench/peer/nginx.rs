//! nginx over HTTPS, with what its manual advises for files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::certificate::Certificate;
use super::{Launch, Server, free_port};
use crate::client::Target;

/// Where distributions put it.
pub fn find() -> Result<PathBuf> {
    let places = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].map(PathBuf::from);
    places.into_iter().find(|path| path.exists()).context("nginx is missing (package nginx-light)")
}

/// Starts it in `directory`, which must not exist. It has no SSH.
pub fn start(program: &Path, directory: &Path, certificate: &Certificate, target: &Target) -> Result<Server> {
    let files = directory.join("files");
    fs::create_dir_all(&files)?;
    let port = free_port()?;
    let configuration = directory.join("nginx.conf");
    fs::write(&configuration, settings(port, directory, certificate))?;
    let text = |path: &Path| path.to_str().map(str::to_owned).context("the path is not UTF-8");
    let launch = Launch {
        program: program.to_owned(),
        arguments: vec!["-p".into(), text(directory)?, "-c".into(), text(&configuration)?, "-g".into(), "daemon off;".into()],
        environment: Vec::new(),
        log: directory.join("log"),
        other_ports: vec![port],
    };
    let target = Target { port: 0, ..target.clone() };
    Server::start("nginx", target, files, String::new(), launch)
}

fn settings(port: u16, directory: &Path, certificate: &Certificate) -> String {
    let at = directory.display();
    // Workers of another account could not read the folder of the benchmark.
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}worker_processes auto;\npid {at}/pid;\nerror_log {at}/error.log;\nevents {{ worker_connections 512; }}\n\
         http {{\n  access_log {at}/access.log;\n  sendfile on;\n  tcp_nopush on;\n  default_type application/octet-stream;\n  \
         client_body_temp_path {at}/body;\n  proxy_temp_path {at}/proxy;\n  fastcgi_temp_path {at}/fastcgi;\n  \
         uwsgi_temp_path {at}/uwsgi;\n  scgi_temp_path {at}/scgi;\n  server {{\n    listen 127.0.0.1:{port} ssl;\n    \
         ssl_certificate {};\n    ssl_certificate_key {};\n    ssl_protocols TLSv1.3;\n    root {at}/files;\n  }}\n}}\n",
        certificate.file.display(),
        certificate.key_file.display()
    )
}
