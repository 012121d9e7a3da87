//! A server that is being started: its configuration and where its files are.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::log::Logger;
use common::process::{self, PidFile, Readiness};
use common::sys::names;
use common::sys::packet::PacketSocket;
use common::sys::sandbox::Wish;

use super::clock;
use super::configuration::{self, Sources};
use super::delay::Delay;
use super::egress::Egress;
use super::failure::Fatal;
use super::helper::Helper;
use super::identity::{self, Identity};
use super::interfaces::Sockets;
use super::leasefile;
use super::leases::Stock;
use super::listen::{self, Listening};
use super::names::Names;
use super::parameters::{self, Parameters};
use super::paths::Paths;
use super::resolver::Resolver;
use super::storage::Owner;
use crate::cli::{Goal, Options, Rates, Residence};
use crate::config::Family;
use crate::config::model::Config;
use crate::engine4::{Listener, Setup};
use crate::eval::ResolvedNames;
use crate::words;

/// Interfaces that can come later when the server does not stay root.
const SPARE_SOCKETS: usize = 8;

/// Everything that is known before a file but the configuration or a socket is touched.
pub(super) struct Draft {
    options: Options,
    paths: Paths,
    port: u16,
    config: Arc<Config>,
    /// What the configuration was read from.
    sources: Sources,
    resolved: ResolvedNames,
    names: Names,
    parameters: Parameters,
    /// What `-s` or the configuration puts in the place of 255.255.255.255.
    limited_broadcast: Ipv4Addr,
}

impl Draft {
    /// Reads the configuration. What it says about files and port beats `paths` and `port`.
    pub(super) fn read(
        options: Options,
        paths: Paths,
        port: u16,
        resolver: Option<Resolver>,
        logger: &Arc<Logger>,
    ) -> Result<Self, Fatal> {
        let (config, sources) = configuration::read(&paths.config, &options, logger)?;
        let (resolved, names) = look_up(&config, options.goal, resolver, logger);
        let parameters = Parameters::evaluate(&config, &resolved, clock::now());
        parameters.act(logger)?;
        if options.goal == Goal::Serve {
            configuration::require_supported(&config, logger)?;
        }
        Ok(Self {
            port: parameters.local_port.unwrap_or(port),
            limited_broadcast: limited_broadcast(&options, &parameters),
            paths: override_paths(paths, options.family, &parameters),
            config: Arc::new(config),
            sources,
            options,
            resolved,
            names,
            parameters,
        })
    }

    pub(super) fn goal(&self) -> Goal {
        self.options.goal
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn shared_config(&self) -> Arc<Config> {
        Arc::clone(&self.config)
    }

    /// Names the files, and says what else the configuration means for the process.
    pub(super) fn log_files(&self, logger: &Logger) -> Result<(), Fatal> {
        let Paths {
            config,
            leases,
            pid_file,
        } = &self.paths;
        if !self.options.quiet {
            let lines = words::files(config, leases, pid_file);
            lines.iter().for_each(|line| logger.info(line));
        }
        let parameters = &self.parameters;
        if let Some(facility) = parameters.facility {
            logger.set_facility(facility);
            // Whoever reads the log under that facility learns who speaks there.
            let banner = words::banner();
            banner.iter().for_each(|line| logger.info_to_syslog(line));
        }
        parameters.notices.iter().for_each(|line| logger.log(line));
        match parameters.late_refusal {
            Some(text) => Err(text.into()),
            None => Ok(()),
        }
    }

    /// How long replies wait for others to share a sync with.
    pub(super) fn delay(&self) -> Option<Delay> {
        self.parameters.delay
    }

    /// `-chroot`
    pub(super) fn change_root(&self) -> Result<(), Fatal> {
        match &self.options.chroot {
            Some(root) => identity::change_root(root),
            None => Ok(()),
        }
    }

    pub(super) fn check_pid_file(&self) -> Result<(), Fatal> {
        if self.options.no_pid_file || !process::is_running(&self.paths.pid_file) {
            return Ok(());
        }
        Err(words::ALREADY_RUNNING.into())
    }

    /// Where the server stays.
    pub(super) fn residence(&self) -> Residence {
        self.options.residence
    }

    /// How much of what comes in is handled.
    pub(super) fn rates(&self) -> Rates {
        self.options.rates
    }

    /// Whether the server locks itself in.
    pub(super) fn sandbox(&self) -> Wish {
        self.options.sandbox
    }

    pub(super) fn lease_file(&self) -> &Path {
        &self.paths.leases
    }

    /// Splits off the process that runs programs, if any may be run. It is what the server is to become, without its sandbox.
    pub(super) fn split_helper(
        &self,
        identity: Identity,
        readiness: Option<&Readiness>,
        logger: &Logger,
    ) -> Option<Helper> {
        // Leases keep the handlers that they were given under an earlier configuration.
        let may_run =
            self.config.runs_programs || leasefile::mentions(&self.paths.leases, b"execute");
        let become_helper = || {
            let detached = readiness.is_none_or(|readiness| readiness.detach().is_ok());
            detached && identity.take_on().is_ok()
        };
        may_run
            .then(|| Helper::split(become_helper))?
            .inspect_err(|error| logger.error(&words::no_helper(error)))
            .ok()
    }

    /// `-T`
    pub(super) fn test_leases(&self, logger: &Arc<Logger>) -> Result<(), Fatal> {
        let path = &self.paths.leases;
        let stock = Stock::load(
            path,
            Owner::default(),
            (&self.config, &self.resolved),
            clock::now(),
            logger,
        )?;
        stock.test_rewrite(&self.config, clock::now(), logger)
    }

    /// Reads the lease file, which is made if only it is missing.
    /// Declarations in it count from here on.
    pub(super) fn open_leases(
        &mut self,
        owner: Owner,
        logger: &Arc<Logger>,
    ) -> Result<Stock, Fatal> {
        let path = &self.paths.leases;
        if !fs::exists(path).unwrap_or(true) {
            leasefile::create(path).map_err(|error| words::no_lease_file(path, &error))?;
            logger.info(&words::created_lease_file(path));
        }
        let mut stock = Stock::load(
            path,
            owner,
            (&self.config, &self.resolved),
            clock::now(),
            logger,
        )?;
        stock.file.set_sync(self.parameters.sync);
        self.declare(&stock.reading.declarations, logger);
        Ok(stock)
    }

    fn declare(&mut self, declarations: &[u8], logger: &Logger) {
        let sources = std::mem::take(&mut self.sources);
        if declarations.is_empty() {
            return;
        }
        let configuration = (&*self.paths.config, &sources);
        let leases = (&*self.paths.leases, declarations);
        if let Some(config) = configuration::extend(configuration, leases, logger) {
            self.config = Arc::new(config);
        }
    }

    /// Opens the sockets of the interfaces to serve, and the one for what the kernel routes.
    pub(super) fn open_sockets(
        &self,
        logger: &Arc<Logger>,
    ) -> Result<(Vec<Listener>, Egress), Fatal> {
        let named = &self.options.interfaces;
        let Listening { listeners, ports } =
            listen::listen(&self.config, named, self.port, logger)?;
        let address = self.parameters.local_address;
        let address = address.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let fallback = listen::open_fallback(address, self.port, logger)?;
        let egress = Egress::new(ports, fallback, self.port, Arc::clone(logger));
        Ok((listeners, egress))
    }

    /// What interfaces that come later need. Sockets are opened now if nobody may open them later.
    pub(super) fn sockets_for_later(&self, gives_up_root: bool) -> Sockets {
        let spare = |_| PacketSocket::open(self.port).ok();
        let count = if gives_up_root { SPARE_SOCKETS } else { 0 };
        Sockets {
            port: self.port,
            spares: (0..count).filter_map(spare).collect(),
        }
    }

    /// The interfaces that the command line names.
    pub(super) fn named_interfaces(&self) -> Vec<String> {
        self.options.interfaces.clone()
    }

    /// The server is worth having even if it cannot say where it is.
    pub(super) fn write_pid_file(&self, logger: &Logger) {
        if self.options.no_pid_file {
            return;
        }
        let path = &self.paths.pid_file;
        if let Err(error) = PidFile::write(path) {
            logger.error(&words::cannot_write_pid_file(path, &error));
        }
    }

    /// What the engine needs to know, and the names that it will hear of again.
    pub(super) fn into_setup(self, listeners: Vec<Listener>) -> (Setup, Names) {
        let setup = Setup {
            interfaces: listeners,
            local_port: self.port,
            remote_port: self.remote_port(),
            limited_broadcast: self.limited_broadcast,
            config: self.config,
            names: self.resolved,
        };
        (setup, self.names)
    }

    /// Clients listen on the port behind the server's.
    fn remote_port(&self) -> u16 {
        let configured = self.parameters.remote_port;
        configured.unwrap_or(self.port.wrapping_add(1))
    }
}

/// `-s` names a host that takes the place of everybody. A name that cannot be resolved changes nothing. It is looked up before the
/// root directory changes, behind which there may be no resolver.
fn limited_broadcast(options: &Options, parameters: &Parameters) -> Ipv4Addr {
    let flag = options.broadcast.as_deref();
    let named = || names::addresses_of(flag?).ok()?.first().copied();
    let configured = parameters.limited_broadcast;
    configured.or_else(named).unwrap_or(Ipv4Addr::BROADCAST)
}

/// A server has its names looked up for as long as it runs. A test only knows those that it asks for.
fn look_up(
    config: &Config,
    goal: Goal,
    resolver: Option<Resolver>,
    logger: &Logger,
) -> (ResolvedNames, Names) {
    let (now, later) = match goal {
        Goal::Serve => (&[][..], &config.names[..]),
        Goal::TestConfiguration | Goal::TestLeases => (&config.asked_names[..], &[][..]),
    };
    let mut resolved = parameters::resolve(now);
    let resolver = resolver.filter(|_| config.names_leases || !config.names.is_empty());
    let names = Names::start(resolver, later, &mut resolved, logger);
    (resolved, names)
}

/// Of DHCPv6 the parameters of its own come before those of both families.
fn override_paths(paths: Paths, family: Family, parameters: &Parameters) -> Paths {
    let of_family = |own: &Option<PathBuf>| own.clone().filter(|_| family == Family::Dhcpv6);
    let leases = of_family(&parameters.leases6).or_else(|| parameters.leases.clone());
    let pid_file = of_family(&parameters.pid_file6).or_else(|| parameters.pid_file.clone());
    Paths {
        leases: leases.unwrap_or(paths.leases),
        pid_file: pid_file.unwrap_or(paths.pid_file),
        ..paths
    }
}
