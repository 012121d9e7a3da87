//! Option codes and parameter codes by name, for code that asks for particular ones.

use super::OptionId;

/// `subnet-mask`, option 1.
pub const SUBNET_MASK: OptionId = OptionId::dhcp(1);
/// `time-offset`, option 2.
pub const TIME_OFFSET: OptionId = OptionId::dhcp(2);
/// `routers`, option 3.
pub const ROUTERS: OptionId = OptionId::dhcp(3);
/// `time-servers`, option 4.
pub const TIME_SERVERS: OptionId = OptionId::dhcp(4);
/// `ien116-name-servers`, option 5.
pub const IEN116_NAME_SERVERS: OptionId = OptionId::dhcp(5);
/// `domain-name-servers`, option 6.
pub const DOMAIN_NAME_SERVERS: OptionId = OptionId::dhcp(6);
/// `log-servers`, option 7.
pub const LOG_SERVERS: OptionId = OptionId::dhcp(7);
/// `cookie-servers`, option 8.
pub const COOKIE_SERVERS: OptionId = OptionId::dhcp(8);
/// `lpr-servers`, option 9.
pub const LPR_SERVERS: OptionId = OptionId::dhcp(9);
/// `impress-servers`, option 10.
pub const IMPRESS_SERVERS: OptionId = OptionId::dhcp(10);
/// `resource-location-servers`, option 11.
pub const RESOURCE_LOCATION_SERVERS: OptionId = OptionId::dhcp(11);
/// `host-name`, option 12.
pub const HOST_NAME: OptionId = OptionId::dhcp(12);
/// `boot-size`, option 13.
pub const BOOT_SIZE: OptionId = OptionId::dhcp(13);
/// `merit-dump`, option 14.
pub const MERIT_DUMP: OptionId = OptionId::dhcp(14);
/// `domain-name`, option 15.
pub const DOMAIN_NAME: OptionId = OptionId::dhcp(15);
/// `swap-server`, option 16.
pub const SWAP_SERVER: OptionId = OptionId::dhcp(16);
/// `root-path`, option 17.
pub const ROOT_PATH: OptionId = OptionId::dhcp(17);
/// `extensions-path`, option 18.
pub const EXTENSIONS_PATH: OptionId = OptionId::dhcp(18);
/// `ip-forwarding`, option 19.
pub const IP_FORWARDING: OptionId = OptionId::dhcp(19);
/// `non-local-source-routing`, option 20.
pub const NON_LOCAL_SOURCE_ROUTING: OptionId = OptionId::dhcp(20);
/// `policy-filter`, option 21.
pub const POLICY_FILTER: OptionId = OptionId::dhcp(21);
/// `max-dgram-reassembly`, option 22.
pub const MAX_DGRAM_REASSEMBLY: OptionId = OptionId::dhcp(22);
/// `default-ip-ttl`, option 23.
pub const DEFAULT_IP_TTL: OptionId = OptionId::dhcp(23);
/// `path-mtu-aging-timeout`, option 24.
pub const PATH_MTU_AGING_TIMEOUT: OptionId = OptionId::dhcp(24);
/// `path-mtu-plateau-table`, option 25.
pub const PATH_MTU_PLATEAU_TABLE: OptionId = OptionId::dhcp(25);
/// `interface-mtu`, option 26.
pub const INTERFACE_MTU: OptionId = OptionId::dhcp(26);
/// `all-subnets-local`, option 27.
pub const ALL_SUBNETS_LOCAL: OptionId = OptionId::dhcp(27);
/// `broadcast-address`, option 28.
pub const BROADCAST_ADDRESS: OptionId = OptionId::dhcp(28);
/// `perform-mask-discovery`, option 29.
pub const PERFORM_MASK_DISCOVERY: OptionId = OptionId::dhcp(29);
/// `mask-supplier`, option 30.
pub const MASK_SUPPLIER: OptionId = OptionId::dhcp(30);
/// `router-discovery`, option 31.
pub const ROUTER_DISCOVERY: OptionId = OptionId::dhcp(31);
/// `router-solicitation-address`, option 32.
pub const ROUTER_SOLICITATION_ADDRESS: OptionId = OptionId::dhcp(32);
/// `static-routes`, option 33.
pub const STATIC_ROUTES: OptionId = OptionId::dhcp(33);
/// `trailer-encapsulation`, option 34.
pub const TRAILER_ENCAPSULATION: OptionId = OptionId::dhcp(34);
/// `arp-cache-timeout`, option 35.
pub const ARP_CACHE_TIMEOUT: OptionId = OptionId::dhcp(35);
/// `ieee802-3-encapsulation`, option 36.
pub const IEEE802_3_ENCAPSULATION: OptionId = OptionId::dhcp(36);
/// `default-tcp-ttl`, option 37.
pub const DEFAULT_TCP_TTL: OptionId = OptionId::dhcp(37);
/// `tcp-keepalive-interval`, option 38.
pub const TCP_KEEPALIVE_INTERVAL: OptionId = OptionId::dhcp(38);
/// `tcp-keepalive-garbage`, option 39.
pub const TCP_KEEPALIVE_GARBAGE: OptionId = OptionId::dhcp(39);
/// `nis-domain`, option 40.
pub const NIS_DOMAIN: OptionId = OptionId::dhcp(40);
/// `nis-servers`, option 41.
pub const NIS_SERVERS: OptionId = OptionId::dhcp(41);
/// `ntp-servers`, option 42.
pub const NTP_SERVERS: OptionId = OptionId::dhcp(42);
/// `vendor-encapsulated-options`, option 43.
pub const VENDOR_ENCAPSULATED_OPTIONS: OptionId = OptionId::dhcp(43);
/// `netbios-name-servers`, option 44.
pub const NETBIOS_NAME_SERVERS: OptionId = OptionId::dhcp(44);
/// `netbios-dd-server`, option 45.
pub const NETBIOS_DD_SERVER: OptionId = OptionId::dhcp(45);
/// `netbios-node-type`, option 46.
pub const NETBIOS_NODE_TYPE: OptionId = OptionId::dhcp(46);
/// `netbios-scope`, option 47.
pub const NETBIOS_SCOPE: OptionId = OptionId::dhcp(47);
/// `font-servers`, option 48.
pub const FONT_SERVERS: OptionId = OptionId::dhcp(48);
/// `x-display-manager`, option 49.
pub const X_DISPLAY_MANAGER: OptionId = OptionId::dhcp(49);
/// `dhcp-requested-address`, option 50.
pub const DHCP_REQUESTED_ADDRESS: OptionId = OptionId::dhcp(50);
/// `dhcp-lease-time`, option 51.
pub const DHCP_LEASE_TIME: OptionId = OptionId::dhcp(51);
/// `dhcp-option-overload`, option 52.
pub const DHCP_OPTION_OVERLOAD: OptionId = OptionId::dhcp(52);
/// `dhcp-message-type`, option 53.
pub const DHCP_MESSAGE_TYPE: OptionId = OptionId::dhcp(53);
/// `dhcp-server-identifier`, option 54.
pub const DHCP_SERVER_IDENTIFIER: OptionId = OptionId::dhcp(54);
/// `dhcp-parameter-request-list`, option 55.
pub const DHCP_PARAMETER_REQUEST_LIST: OptionId = OptionId::dhcp(55);
/// `dhcp-message`, option 56.
pub const DHCP_MESSAGE: OptionId = OptionId::dhcp(56);
/// `dhcp-max-message-size`, option 57.
pub const DHCP_MAX_MESSAGE_SIZE: OptionId = OptionId::dhcp(57);
/// `dhcp-renewal-time`, option 58.
pub const DHCP_RENEWAL_TIME: OptionId = OptionId::dhcp(58);
/// `dhcp-rebinding-time`, option 59.
pub const DHCP_REBINDING_TIME: OptionId = OptionId::dhcp(59);
/// `vendor-class-identifier`, option 60.
pub const VENDOR_CLASS_IDENTIFIER: OptionId = OptionId::dhcp(60);
/// `dhcp-client-identifier`, option 61.
pub const DHCP_CLIENT_IDENTIFIER: OptionId = OptionId::dhcp(61);
/// `nwip-domain`, option 62.
pub const NWIP_DOMAIN: OptionId = OptionId::dhcp(62);
/// `nwip-suboptions`, option 63.
pub const NWIP_SUBOPTIONS: OptionId = OptionId::dhcp(63);
/// `nisplus-domain`, option 64.
pub const NISPLUS_DOMAIN: OptionId = OptionId::dhcp(64);
/// `nisplus-servers`, option 65.
pub const NISPLUS_SERVERS: OptionId = OptionId::dhcp(65);
/// `tftp-server-name`, option 66.
pub const TFTP_SERVER_NAME: OptionId = OptionId::dhcp(66);
/// `bootfile-name`, option 67.
pub const BOOTFILE_NAME: OptionId = OptionId::dhcp(67);
/// `mobile-ip-home-agent`, option 68.
pub const MOBILE_IP_HOME_AGENT: OptionId = OptionId::dhcp(68);
/// `smtp-server`, option 69.
pub const SMTP_SERVER: OptionId = OptionId::dhcp(69);
/// `pop-server`, option 70.
pub const POP_SERVER: OptionId = OptionId::dhcp(70);
/// `nntp-server`, option 71.
pub const NNTP_SERVER: OptionId = OptionId::dhcp(71);
/// `www-server`, option 72.
pub const WWW_SERVER: OptionId = OptionId::dhcp(72);
/// `finger-server`, option 73.
pub const FINGER_SERVER: OptionId = OptionId::dhcp(73);
/// `irc-server`, option 74.
pub const IRC_SERVER: OptionId = OptionId::dhcp(74);
/// `streettalk-server`, option 75.
pub const STREETTALK_SERVER: OptionId = OptionId::dhcp(75);
/// `streettalk-directory-assistance-server`, option 76.
pub const STREETTALK_DIRECTORY_ASSISTANCE_SERVER: OptionId = OptionId::dhcp(76);
/// `user-class`, option 77.
pub const USER_CLASS: OptionId = OptionId::dhcp(77);
/// `slp-directory-agent`, option 78.
pub const SLP_DIRECTORY_AGENT: OptionId = OptionId::dhcp(78);
/// `slp-service-scope`, option 79.
pub const SLP_SERVICE_SCOPE: OptionId = OptionId::dhcp(79);
/// `fqdn`, option 81.
pub const FQDN: OptionId = OptionId::dhcp(81);
/// `relay-agent-information`, option 82.
pub const RELAY_AGENT_INFORMATION: OptionId = OptionId::dhcp(82);
/// `nds-servers`, option 85.
pub const NDS_SERVERS: OptionId = OptionId::dhcp(85);
/// `nds-tree-name`, option 86.
pub const NDS_TREE_NAME: OptionId = OptionId::dhcp(86);
/// `nds-context`, option 87.
pub const NDS_CONTEXT: OptionId = OptionId::dhcp(87);
/// `bcms-controller-names`, option 88.
pub const BCMS_CONTROLLER_NAMES: OptionId = OptionId::dhcp(88);
/// `bcms-controller-address`, option 89.
pub const BCMS_CONTROLLER_ADDRESS: OptionId = OptionId::dhcp(89);
/// `client-last-transaction-time`, option 91.
pub const CLIENT_LAST_TRANSACTION_TIME: OptionId = OptionId::dhcp(91);
/// `associated-ip`, option 92.
pub const ASSOCIATED_IP: OptionId = OptionId::dhcp(92);
/// `pxe-system-type`, option 93.
pub const PXE_SYSTEM_TYPE: OptionId = OptionId::dhcp(93);
/// `pxe-interface-id`, option 94.
pub const PXE_INTERFACE_ID: OptionId = OptionId::dhcp(94);
/// `pxe-client-id`, option 97.
pub const PXE_CLIENT_ID: OptionId = OptionId::dhcp(97);
/// `uap-servers`, option 98.
pub const UAP_SERVERS: OptionId = OptionId::dhcp(98);
/// `geoconf-civic`, option 99.
pub const GEOCONF_CIVIC: OptionId = OptionId::dhcp(99);
/// `pcode`, option 100.
pub const PCODE: OptionId = OptionId::dhcp(100);
/// `tcode`, option 101.
pub const TCODE: OptionId = OptionId::dhcp(101);
/// `v6-only-preferred`, option 108.
pub const V6_ONLY_PREFERRED: OptionId = OptionId::dhcp(108);
/// `netinfo-server-address`, option 112.
pub const NETINFO_SERVER_ADDRESS: OptionId = OptionId::dhcp(112);
/// `netinfo-server-tag`, option 113.
pub const NETINFO_SERVER_TAG: OptionId = OptionId::dhcp(113);
/// `default-url`, option 114.
pub const DEFAULT_URL: OptionId = OptionId::dhcp(114);
/// `auto-config`, option 116.
pub const AUTO_CONFIG: OptionId = OptionId::dhcp(116);
/// `name-service-search`, option 117.
pub const NAME_SERVICE_SEARCH: OptionId = OptionId::dhcp(117);
/// `subnet-selection`, option 118.
pub const SUBNET_SELECTION: OptionId = OptionId::dhcp(118);
/// `domain-search`, option 119.
pub const DOMAIN_SEARCH: OptionId = OptionId::dhcp(119);
/// `vivco`, option 124.
pub const VIVCO: OptionId = OptionId::dhcp(124);
/// `vivso`, option 125.
pub const VIVSO: OptionId = OptionId::dhcp(125);
/// `pana-agent`, option 136.
pub const PANA_AGENT: OptionId = OptionId::dhcp(136);
/// `v4-lost`, option 137.
pub const V4_LOST: OptionId = OptionId::dhcp(137);
/// `capwap-ac-v4`, option 138.
pub const CAPWAP_AC_V4: OptionId = OptionId::dhcp(138);
/// `sip-ua-cs-domains`, option 141.
pub const SIP_UA_CS_DOMAINS: OptionId = OptionId::dhcp(141);
/// `ipv4-address-andsf`, option 142.
pub const IPV4_ADDRESS_ANDSF: OptionId = OptionId::dhcp(142);
/// `rdnss-selection`, option 146.
pub const RDNSS_SELECTION: OptionId = OptionId::dhcp(146);
/// `tftp-server-address`, option 150.
pub const TFTP_SERVER_ADDRESS: OptionId = OptionId::dhcp(150);
/// `v4-portparams`, option 159.
pub const V4_PORTPARAMS: OptionId = OptionId::dhcp(159);
/// `v4-captive-portal`, option 160.
pub const V4_CAPTIVE_PORTAL: OptionId = OptionId::dhcp(160);
/// `loader-configfile`, option 209.
pub const LOADER_CONFIGFILE: OptionId = OptionId::dhcp(209);
/// `loader-pathprefix`, option 210.
pub const LOADER_PATHPREFIX: OptionId = OptionId::dhcp(210);
/// `loader-reboottime`, option 211.
pub const LOADER_REBOOTTIME: OptionId = OptionId::dhcp(211);
/// `option-6rd`, option 212.
pub const OPTION_6RD: OptionId = OptionId::dhcp(212);
/// `v4-access-domain`, option 213.
pub const V4_ACCESS_DOMAIN: OptionId = OptionId::dhcp(213);
/// Parameter `default-lease-time`.
pub const DEFAULT_LEASE_TIME: OptionId = OptionId::server(1);
/// Parameter `max-lease-time`.
pub const MAX_LEASE_TIME: OptionId = OptionId::server(2);
/// Parameter `min-lease-time`.
pub const MIN_LEASE_TIME: OptionId = OptionId::server(3);
/// Parameter `dynamic-bootp-lease-cutoff`.
pub const DYNAMIC_BOOTP_LEASE_CUTOFF: OptionId = OptionId::server(4);
/// Parameter `dynamic-bootp-lease-length`.
pub const DYNAMIC_BOOTP_LEASE_LENGTH: OptionId = OptionId::server(5);
/// Parameter `boot-unknown-clients`.
pub const BOOT_UNKNOWN_CLIENTS: OptionId = OptionId::server(6);
/// Parameter `dynamic-bootp`.
pub const DYNAMIC_BOOTP: OptionId = OptionId::server(7);
/// Parameter `allow-bootp`.
pub const ALLOW_BOOTP: OptionId = OptionId::server(8);
/// Parameter `allow-booting`.
pub const ALLOW_BOOTING: OptionId = OptionId::server(9);
/// Parameter `one-lease-per-client`.
pub const ONE_LEASE_PER_CLIENT: OptionId = OptionId::server(10);
/// Parameter `get-lease-hostnames`.
pub const GET_LEASE_HOSTNAMES: OptionId = OptionId::server(11);
/// Parameter `use-host-decl-names`.
pub const USE_HOST_DECL_NAMES: OptionId = OptionId::server(12);
/// Parameter `use-lease-addr-for-default-route`.
pub const USE_LEASE_ADDR_FOR_DEFAULT_ROUTE: OptionId = OptionId::server(13);
/// Parameter `min-secs`.
pub const MIN_SECS: OptionId = OptionId::server(14);
/// Parameter `filename`.
pub const FILENAME: OptionId = OptionId::server(15);
/// Parameter `server-name`.
pub const SERVER_NAME: OptionId = OptionId::server(16);
/// Parameter `next-server`.
pub const NEXT_SERVER: OptionId = OptionId::server(17);
/// Parameter `authoritative`.
pub const AUTHORITATIVE: OptionId = OptionId::server(18);
/// Parameter `vendor-option-space`.
pub const VENDOR_OPTION_SPACE: OptionId = OptionId::server(19);
/// Parameter `always-reply-rfc1048`.
pub const ALWAYS_REPLY_RFC1048: OptionId = OptionId::server(20);
/// Parameter `site-option-space`.
pub const SITE_OPTION_SPACE: OptionId = OptionId::server(21);
/// Parameter `always-broadcast`.
pub const ALWAYS_BROADCAST: OptionId = OptionId::server(22);
/// Parameter `ddns-domainname`.
pub const DDNS_DOMAINNAME: OptionId = OptionId::server(23);
/// Parameter `ddns-hostname`.
pub const DDNS_HOSTNAME: OptionId = OptionId::server(24);
/// Parameter `ddns-rev-domainname`.
pub const DDNS_REV_DOMAINNAME: OptionId = OptionId::server(25);
/// Parameter `lease-file-name`.
pub const LEASE_FILE_NAME: OptionId = OptionId::server(26);
/// Parameter `pid-file-name`.
pub const PID_FILE_NAME: OptionId = OptionId::server(27);
/// Parameter `duplicates`.
pub const DUPLICATES: OptionId = OptionId::server(28);
/// Parameter `declines`.
pub const DECLINES: OptionId = OptionId::server(29);
/// Parameter `ddns-updates`.
pub const DDNS_UPDATES: OptionId = OptionId::server(30);
/// Parameter `omapi-port`.
pub const OMAPI_PORT: OptionId = OptionId::server(31);
/// Parameter `local-port`.
pub const LOCAL_PORT: OptionId = OptionId::server(32);
/// Parameter `limited-broadcast-address`.
pub const LIMITED_BROADCAST_ADDRESS: OptionId = OptionId::server(33);
/// Parameter `remote-port`.
pub const REMOTE_PORT: OptionId = OptionId::server(34);
/// Parameter `local-address`.
pub const LOCAL_ADDRESS: OptionId = OptionId::server(35);
/// Parameter `omapi-key`.
pub const OMAPI_KEY: OptionId = OptionId::server(36);
/// Parameter `stash-agent-options`.
pub const STASH_AGENT_OPTIONS: OptionId = OptionId::server(37);
/// Parameter `ddns-ttl`.
pub const DDNS_TTL: OptionId = OptionId::server(38);
/// Parameter `ddns-update-style`.
pub const DDNS_UPDATE_STYLE: OptionId = OptionId::server(39);
/// Parameter `client-updates`.
pub const CLIENT_UPDATES: OptionId = OptionId::server(40);
/// Parameter `update-optimization`.
pub const UPDATE_OPTIMIZATION: OptionId = OptionId::server(41);
/// Parameter `ping-check`.
pub const PING_CHECK: OptionId = OptionId::server(42);
/// Parameter `update-static-leases`.
pub const UPDATE_STATIC_LEASES: OptionId = OptionId::server(43);
/// Parameter `log-facility`.
pub const LOG_FACILITY: OptionId = OptionId::server(44);
/// Parameter `do-forward-updates`.
pub const DO_FORWARD_UPDATES: OptionId = OptionId::server(45);
/// Parameter `ping-timeout`.
pub const PING_TIMEOUT: OptionId = OptionId::server(46);
/// Parameter `infinite-is-reserved`.
pub const INFINITE_IS_RESERVED: OptionId = OptionId::server(47);
/// Parameter `update-conflict-detection`.
pub const UPDATE_CONFLICT_DETECTION: OptionId = OptionId::server(48);
/// Parameter `leasequery`.
pub const LEASEQUERY: OptionId = OptionId::server(49);
/// Parameter `adaptive-lease-time-threshold`.
pub const ADAPTIVE_LEASE_TIME_THRESHOLD: OptionId = OptionId::server(50);
/// Parameter `do-reverse-updates`.
pub const DO_REVERSE_UPDATES: OptionId = OptionId::server(51);
/// Parameter `fqdn-reply`.
pub const FQDN_REPLY: OptionId = OptionId::server(52);
/// Parameter `preferred-lifetime`.
pub const PREFERRED_LIFETIME: OptionId = OptionId::server(53);
/// Parameter `dhcpv6-lease-file-name`.
pub const DHCPV6_LEASE_FILE_NAME: OptionId = OptionId::server(54);
/// Parameter `dhcpv6-pid-file-name`.
pub const DHCPV6_PID_FILE_NAME: OptionId = OptionId::server(55);
/// Parameter `limit-addrs-per-ia`.
pub const LIMIT_ADDRS_PER_IA: OptionId = OptionId::server(56);
/// Parameter `limit-prefs-per-ia`.
pub const LIMIT_PREFS_PER_IA: OptionId = OptionId::server(57);
/// Parameter `delayed-ack`.
pub const DELAYED_ACK: OptionId = OptionId::server(58);
/// Parameter `max-ack-delay`.
pub const MAX_ACK_DELAY: OptionId = OptionId::server(59);
/// Parameter `dhcp-cache-threshold`.
pub const DHCP_CACHE_THRESHOLD: OptionId = OptionId::server(78);
/// Parameter `dont-use-fsync`.
pub const DONT_USE_FSYNC: OptionId = OptionId::server(79);
/// Parameter `ddns-local-address4`.
pub const DDNS_LOCAL_ADDRESS4: OptionId = OptionId::server(80);
/// Parameter `ddns-local-address6`.
pub const DDNS_LOCAL_ADDRESS6: OptionId = OptionId::server(81);
/// Parameter `ignore-client-uids`.
pub const IGNORE_CLIENT_UIDS: OptionId = OptionId::server(82);
/// Parameter `log-threshold-low`.
pub const LOG_THRESHOLD_LOW: OptionId = OptionId::server(83);
/// Parameter `log-threshold-high`.
pub const LOG_THRESHOLD_HIGH: OptionId = OptionId::server(84);
/// Parameter `echo-client-id`.
pub const ECHO_CLIENT_ID: OptionId = OptionId::server(85);
/// Parameter `server-id-check`.
pub const SERVER_ID_CHECK: OptionId = OptionId::server(86);
/// Parameter `prefix-length-mode`.
pub const PREFIX_LENGTH_MODE: OptionId = OptionId::server(87);
/// Parameter `dhcpv6-set-tee-times`.
pub const DHCPV6_SET_TEE_TIMES: OptionId = OptionId::server(88);
/// Parameter `abandon-lease-time`.
pub const ABANDON_LEASE_TIME: OptionId = OptionId::server(89);
/// Parameter `check-secs-byte-order`.
pub const CHECK_SECS_BYTE_ORDER: OptionId = OptionId::server(92);
/// Parameter `ddns-dual-stack-mixed-mode`.
pub const DDNS_DUAL_STACK_MIXED_MODE: OptionId = OptionId::server(93);
/// Parameter `ddns-guard-id-must-match`.
pub const DDNS_GUARD_ID_MUST_MATCH: OptionId = OptionId::server(94);
/// Parameter `ddns-other-guard-is-dynamic`.
pub const DDNS_OTHER_GUARD_IS_DYNAMIC: OptionId = OptionId::server(95);
/// Parameter `release-on-roam`.
pub const RELEASE_ON_ROAM: OptionId = OptionId::server(96);
/// Parameter `local-address6`.
pub const LOCAL_ADDRESS6: OptionId = OptionId::server(97);
/// Parameter `bind-local-address6`.
pub const BIND_LOCAL_ADDRESS6: OptionId = OptionId::server(98);
/// Parameter `ping-cltt-secs`.
pub const PING_CLTT_SECS: OptionId = OptionId::server(99);
/// Parameter `ping-timeout-ms`.
pub const PING_TIMEOUT_MS: OptionId = OptionId::server(100);
