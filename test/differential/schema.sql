-- SPDX-License-Identifier: GPL-3.0-or-later
-- The database of the differential tests. @ stands for the prefix of the tables.
SET NAMES utf8mb4;
SET sql_mode = 'NO_ENGINE_SUBSTITUTION';

CREATE TABLE `@segments` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(255) NOT NULL,
  `alias` varchar(64) COLLATE utf8mb4_bin NOT NULL,
  `is_published` tinyint(1) NOT NULL DEFAULT 1,
  `description` longtext DEFAULT NULL,
  `filters` longtext NOT NULL COMMENT '(DC2Type:array)',
  `created_at` datetime DEFAULT NULL COMMENT '(DC2Type:datetime_immutable)',
  PRIMARY KEY (`id`),
  UNIQUE KEY `UNIQ_5EA3_alias` (`alias`),
  KEY `segment_published` (`is_published`,`name`(100))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='Who belongs together';

CREATE TABLE `@contacts` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `owner_id` int(10) unsigned DEFAULT NULL,
  `email` varchar(191) DEFAULT NULL,
  `first_name` varchar(191) DEFAULT NULL,
  `points` int(11) NOT NULL DEFAULT 0,
  `rate` decimal(10,2) NOT NULL DEFAULT 0.00,
  `ratio` double DEFAULT NULL,
  `preferred` enum('mail','phone','none') NOT NULL DEFAULT 'mail',
  `is_active` tinyint(1) DEFAULT NULL,
  `internal` json DEFAULT NULL COMMENT '(DC2Type:json)',
  `identified_at` datetime DEFAULT '0000-00-00 00:00:00',
  `seen_at` timestamp NULL DEFAULT NULL,
  `domain` varchar(191) GENERATED ALWAYS AS (substr(`email`,locate('@',`email`) + 1)) VIRTUAL COMMENT '(DC2Type:generated)',
  PRIMARY KEY (`id`),
  KEY `IDX_A1B2C3D4` (`owner_id`),
  KEY `contact_points_date` (`points`,`identified_at`),
  FULLTEXT KEY `contact_text` (`first_name`),
  CONSTRAINT `FK_A1B2C3D4` FOREIGN KEY (`owner_id`) REFERENCES `@segments` (`id`) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE `@segment_contacts` (
  `segment_id` int(10) unsigned NOT NULL,
  `contact_id` bigint(20) unsigned NOT NULL,
  `added_at` datetime NOT NULL,
  `manually` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`contact_id`,`segment_id`),
  KEY `IDX_F5E4D3C2` (`segment_id`),
  CONSTRAINT `FK_F5E4D3C2` FOREIGN KEY (`segment_id`) REFERENCES `@segments` (`id`) ON DELETE CASCADE,
  CONSTRAINT `FK_99887766` FOREIGN KEY (`contact_id`) REFERENCES `@contacts` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE `@kinds` (
  `k_tinyint` tinyint(4) NOT NULL DEFAULT 3,
  `k_smallint` smallint(5) unsigned DEFAULT 7,
  `k_mediumint` mediumint(9) NOT NULL,
  `k_bigint` bigint(20) DEFAULT -1,
  `k_decimal` decimal(19,4) unsigned DEFAULT NULL,
  `k_float` float DEFAULT 1.5,
  `k_double` double NOT NULL DEFAULT 0,
  `k_char` char(36) NOT NULL DEFAULT '' COMMENT '(DC2Type:guid)',
  `k_varchar` varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'it''s',
  `k_tinytext` tinytext DEFAULT NULL,
  `k_text` text NOT NULL,
  `k_mediumtext` mediumtext DEFAULT NULL COMMENT 'with ''quotes'' and \\',
  `k_longtext` longtext DEFAULT NULL,
  `k_binary` binary(16) NOT NULL,
  `k_varbinary` varbinary(64) DEFAULT NULL,
  `k_tinyblob` tinyblob DEFAULT NULL,
  `k_blob` blob DEFAULT NULL,
  `k_mediumblob` mediumblob DEFAULT NULL,
  `k_longblob` longblob DEFAULT NULL,
  `k_date` date DEFAULT '2020-01-31',
  `k_time` time DEFAULT NULL,
  `k_datetime` datetime NOT NULL DEFAULT current_timestamp(),
  `k_timestamp` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  `k_year` year(4) DEFAULT NULL,
  `k_set` set('a','b') DEFAULT NULL,
  `k_bit` bit(1) DEFAULT NULL,
  `k_point` point DEFAULT NULL,
  `k_simple` longtext DEFAULT NULL COMMENT '(DC2Type:simple_array)',
  `k_object` longtext DEFAULT NULL COMMENT 'Kept (DC2Type:object) here',
  KEY `kinds_varchar` (`k_varchar`),
  UNIQUE KEY `kinds_both` (`k_tinyint`,`k_char`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `@mails` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `parent_id` int(11) DEFAULT NULL,
  `name` varchar(255) NOT NULL,
  `subject` longtext DEFAULT NULL,
  `lang` varchar(255) NOT NULL DEFAULT 'en',
  `read_count` int(11) NOT NULL DEFAULT 0,
  `sent_count` int(11) NOT NULL DEFAULT 0,
  `content` longtext DEFAULT NULL COMMENT '(DC2Type:array)',
  `headers` json DEFAULT NULL COMMENT '(DC2Type:json)',
  PRIMARY KEY (`id`),
  KEY `IDX_77665544` (`parent_id`),
  CONSTRAINT `FK_77665544` FOREIGN KEY (`parent_id`) REFERENCES `@mails` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

CREATE TABLE `@mail_stats` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `mail_id` int(11) DEFAULT NULL,
  `contact_id` bigint(20) unsigned DEFAULT NULL,
  `address` varchar(191) NOT NULL,
  `sent_at` datetime NOT NULL,
  `is_read` tinyint(1) NOT NULL,
  `opens` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `stat_mail_search` (`mail_id`,`contact_id`),
  KEY `stat_address` (`address`),
  KEY `IDX_33221100` (`contact_id`),
  CONSTRAINT `FK_33221100` FOREIGN KEY (`contact_id`) REFERENCES `@contacts` (`id`) ON DELETE SET NULL,
  CONSTRAINT `FK_0011AABB` FOREIGN KEY (`mail_id`) REFERENCES `@mails` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=DYNAMIC;

CREATE TABLE `@fields` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `alias` varchar(100) NOT NULL,
  `label` varchar(100) NOT NULL,
  `type` varchar(30) NOT NULL,
  `field_group` varchar(30) DEFAULT NULL,
  `order` int(11) DEFAULT NULL,
  `properties` longtext DEFAULT NULL COMMENT '(DC2Type:array)',
  PRIMARY KEY (`id`),
  KEY `field_alias` (`alias`),
  KEY `field_order` (`order`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE `@legacy_log` (
  `when_logged` int(11) NOT NULL,
  `what` varchar(10) DEFAULT NULL
) ENGINE=MyISAM DEFAULT CHARSET=latin1;

CREATE VIEW `@active_contacts` AS SELECT `id`, `email` FROM `@contacts` WHERE `is_active` = 1;

INSERT INTO `@segments` VALUES
  (1, 'Everybody', 'all', 1, NULL, 'a:0:{}', '2019-05-01 12:00:00'),
  (2, 'It''s \\ "odd"', 'odd', 0, 'Zwölf Boxkämpfer 😀', 'a:1:{i:0;a:3:{s:5:"field";s:5:"email";s:8:"operator";s:6:"!empty";s:6:"filter";N;}}', NULL),
  (7, 'Late', 'late', 1, '', 'a:2:{i:0;a:3:{s:5:"field";s:6:"points";s:8:"operator";s:2:"gt";s:6:"filter";i:5;}i:1;a:3:{s:5:"field";s:5:"other";s:8:"operator";s:1:"=";s:6:"filter";s:3:"yes";}}', '2020-02-29 23:59:59');

INSERT INTO `@contacts` (`id`, `owner_id`, `email`, `first_name`, `points`, `rate`, `ratio`, `preferred`, `is_active`, `internal`, `identified_at`, `seen_at`) VALUES
  (1, 1, 'ann@example.com', 'Ann', 10, 1.50, 0.1, 'mail', 1, '{"a":1,"b":[true,null,"x"]}', '2018-01-01 00:00:00', '2018-01-02 03:04:05'),
  (2, NULL, 'bob@example.org', 'Bob 😀', -3, 99999999.99, 1e100, 'phone', 0, '[]', '0000-00-00 00:00:00', NULL),
  (3, 2, NULL, NULL, 0, 0.00, NULL, 'none', NULL, NULL, NULL, NULL),
  (18446744073709551610, 7, 'max@example.net', 'Ünïcödé', 2147483647, 0.05, -0.25, 'mail', 1, '"text"', '2020-02-29 23:59:59', NULL);

INSERT INTO `@segment_contacts` VALUES
  (1, 1, '2019-05-01 12:00:00', 0), (1, 2, '2019-05-01 12:00:01', 1), (2, 1, '2019-06-01 00:00:00', 0), (7, 3, '2020-01-01 00:00:00', 1);

INSERT INTO `@kinds` (`k_mediumint`, `k_char`, `k_text`, `k_binary`, `k_varbinary`, `k_longtext`, `k_decimal`, `k_float`, `k_bigint`, `k_set`, `k_year`) VALUES
  (1, '7d0f2c2e-0000-4000-8000-0123456789ab', 'plain', 0x00010203, 0x61, NULL, 12.3456, 0.1, 9223372036854775807, 'a,b', 2021),
  (-8388608, '', '', 0x41, NULL, 'line\nline', NULL, NULL, -9223372036854775808, '', NULL);

INSERT INTO `@mails` VALUES
  (1, NULL, 'Welcome', 'Hello {name}', 'en', 0, 3, 'a:2:{s:5:"title";s:5:"Hello";s:4:"list";s:9:"one|two|3";}', '{"X-One":"1"}'),
  (2, 1, 'Willkommen', 'Grüße', 'de', 2, 2, 'a:0:{}', '[]'),
  (3, NULL, 'News 100%', NULL, 'en', 7, 0, NULL, NULL);

INSERT INTO `@mail_stats` VALUES
  (1, 1, 1, 'ann@example.com', '2019-01-01 10:00:00', 1, 4), (2, 1, 2, 'bob@example.org', '2019-01-01 10:00:01', 0, NULL),
  (3, 1, NULL, 'gone@example.com', '2019-01-02 00:00:00', 1, 1), (4, 2, 1, 'ann@example.com', '2019-02-01 00:00:00', 1, 2);

INSERT INTO `@fields` VALUES
  (1, 'points', 'Points', 'number', 'core', 1, 'a:2:{s:9:"roundmode";i:3;s:5:"scale";i:0;}'),
  (2, 'colour', 'Colour', 'lookup', 'core', 2, 'a:1:{s:4:"list";s:14:"red|green|blue";}'),
  (3, 'title', 'Title', 'lookup', 'social', 3, 'a:1:{s:4:"list";s:0:"";}'),
  (4, 'vip', 'V.I.P.', 'boolean', 'core', NULL, 'a:2:{s:2:"no";s:2:"No";s:3:"yes";s:3:"Yes";}'),
  (5, 'tags', 'Tags', 'multiselect', NULL, 5, 'a:1:{s:4:"list";a:2:{i:0;a:2:{s:5:"label";s:1:"A";s:5:"value";s:1:"a";}i:1;a:2:{s:5:"label";s:1:"B";s:5:"value";s:1:"b";}}}'),
  (6, 'broken', 'Broken', 'lookup', 'core', 6, 'a:1:{s:4:"list";s:99:"short"'),
  (7, 'rate', 'Rate', 'number', 'core', 7, 'a:1:{s:4:"rate";d:0.10000000000000001;}');

INSERT INTO `@legacy_log` VALUES (1, 'start'), (2, NULL);
