-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tables as a Mautic 2 has them that waits for the last four of its migrations. @P@ is the table prefix;
-- @NAME type table columns@ is replaced by the key's name that Mautic would generate.

CREATE TABLE @P@users (
  id INT AUTO_INCREMENT NOT NULL, username VARCHAR(191) NOT NULL, email VARCHAR(191) NOT NULL,
  preferences LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)',
  UNIQUE INDEX @NAME uniq users username@ (username), PRIMARY KEY(id));

CREATE TABLE @P@categories (
  id INT AUTO_INCREMENT NOT NULL, title VARCHAR(191) NOT NULL, alias VARCHAR(191) NOT NULL, bundle VARCHAR(50) NOT NULL,
  color VARCHAR(7) DEFAULT NULL, INDEX @P@category_alias_search (alias), PRIMARY KEY(id));

CREATE TABLE @P@companies (
  id INT AUTO_INCREMENT NOT NULL, companyname VARCHAR(191) DEFAULT NULL, score INT NOT NULL, PRIMARY KEY(id));

CREATE TABLE @P@leads (
  id INT AUTO_INCREMENT NOT NULL, owner_id INT DEFAULT NULL, date_added DATETIME DEFAULT NULL, points INT NOT NULL,
  internal LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)', avatar LONGBLOB DEFAULT NULL,
  firstname VARCHAR(191) DEFAULT NULL, lastname VARCHAR(191) DEFAULT NULL, email VARCHAR(191) DEFAULT NULL,
  favourite_colour VARCHAR(191) DEFAULT NULL, birthday DATE DEFAULT NULL,
  INDEX @NAME idx leads owner_id@ (owner_id), INDEX @P@lead_date_added (date_added), PRIMARY KEY(id),
  CONSTRAINT @NAME fk leads owner_id@ FOREIGN KEY (owner_id) REFERENCES @P@users (id) ON DELETE SET NULL);

CREATE TABLE @P@lead_fields (
  id INT AUTO_INCREMENT NOT NULL, label VARCHAR(191) NOT NULL, alias VARCHAR(191) NOT NULL, type VARCHAR(50) NOT NULL,
  object VARCHAR(50) DEFAULT NULL, is_published TINYINT(1) NOT NULL, properties LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)',
  PRIMARY KEY(id));

CREATE TABLE @P@lead_devices (
  id INT AUTO_INCREMENT NOT NULL, lead_id INT NOT NULL, date_added DATETIME NOT NULL, device VARCHAR(191) DEFAULT NULL,
  device_fingerprint VARCHAR(191) DEFAULT NULL, tracking_id VARCHAR(191) DEFAULT NULL,
  INDEX @NAME idx lead_devices lead_id@ (lead_id), INDEX @NAME idx lead_devices device_fingerprint@ (device_fingerprint),
  UNIQUE INDEX @NAME uniq lead_devices tracking_id@ (tracking_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk lead_devices lead_id@ FOREIGN KEY (lead_id) REFERENCES @P@leads (id) ON DELETE CASCADE);

CREATE TABLE @P@companies_leads (
  company_id INT NOT NULL, lead_id INT NOT NULL, date_added DATETIME NOT NULL, is_primary TINYINT(1) DEFAULT NULL,
  manually_removed TINYINT(1) NOT NULL, manually_added TINYINT(1) NOT NULL,
  INDEX @NAME idx companies_leads company_id@ (company_id), INDEX @NAME idx companies_leads lead_id@ (lead_id),
  PRIMARY KEY(company_id, lead_id),
  CONSTRAINT @NAME fk companies_leads company_id@ FOREIGN KEY (company_id) REFERENCES @P@companies (id) ON DELETE CASCADE,
  CONSTRAINT @NAME fk companies_leads lead_id@ FOREIGN KEY (lead_id) REFERENCES @P@leads (id) ON DELETE CASCADE);

CREATE TABLE @P@emails (
  id INT AUTO_INCREMENT NOT NULL, category_id INT DEFAULT NULL, name VARCHAR(191) NOT NULL, subject LONGTEXT DEFAULT NULL,
  custom_html LONGTEXT DEFAULT NULL, template VARCHAR(191) DEFAULT NULL, dynamic_content LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)',
  INDEX @NAME idx emails category_id@ (category_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk emails category_id@ FOREIGN KEY (category_id) REFERENCES @P@categories (id) ON DELETE SET NULL);

CREATE TABLE @P@pages (
  id INT AUTO_INCREMENT NOT NULL, category_id INT DEFAULT NULL, title VARCHAR(191) NOT NULL, alias VARCHAR(191) NOT NULL,
  custom_html LONGTEXT DEFAULT NULL, hits INT NOT NULL, is_preference_center TINYINT(1) DEFAULT NULL,
  INDEX @NAME idx pages category_id@ (category_id), INDEX @P@page_alias_search (alias), PRIMARY KEY(id),
  CONSTRAINT @NAME fk pages category_id@ FOREIGN KEY (category_id) REFERENCES @P@categories (id) ON DELETE SET NULL);

CREATE TABLE @P@page_hits (
  id BIGINT AUTO_INCREMENT NOT NULL, page_id INT DEFAULT NULL, lead_id INT DEFAULT NULL, date_hit DATETIME NOT NULL,
  url LONGTEXT DEFAULT NULL, url_title VARCHAR(191) DEFAULT NULL, tracking_id VARCHAR(191) NOT NULL,
  INDEX @NAME idx page_hits page_id@ (page_id), INDEX @NAME idx page_hits lead_id@ (lead_id),
  INDEX @P@page_hit_tracking_search (tracking_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk page_hits page_id@ FOREIGN KEY (page_id) REFERENCES @P@pages (id) ON DELETE SET NULL,
  CONSTRAINT @NAME fk page_hits lead_id@ FOREIGN KEY (lead_id) REFERENCES @P@leads (id) ON DELETE SET NULL);

CREATE TABLE @P@forms (
  id INT AUTO_INCREMENT NOT NULL, category_id INT DEFAULT NULL, name VARCHAR(191) NOT NULL, cached_html LONGTEXT DEFAULT NULL,
  INDEX @NAME idx forms category_id@ (category_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk forms category_id@ FOREIGN KEY (category_id) REFERENCES @P@categories (id) ON DELETE SET NULL);

CREATE TABLE @P@form_fields (
  id INT AUTO_INCREMENT NOT NULL, form_id INT NOT NULL, label LONGTEXT NOT NULL, alias VARCHAR(191) NOT NULL,
  type VARCHAR(191) NOT NULL, properties LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)',
  INDEX @NAME idx form_fields form_id@ (form_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk form_fields form_id@ FOREIGN KEY (form_id) REFERENCES @P@forms (id) ON DELETE CASCADE);

CREATE TABLE @P@campaign_events (
  id INT AUTO_INCREMENT NOT NULL, name VARCHAR(191) NOT NULL, type VARCHAR(50) NOT NULL, event_order INT NOT NULL,
  properties LONGTEXT NOT NULL COMMENT '(DC2Type:array)', PRIMARY KEY(id));

CREATE TABLE @P@webhooks (
  id INT AUTO_INCREMENT NOT NULL, name VARCHAR(191) NOT NULL, webhook_url VARCHAR(191) NOT NULL, PRIMARY KEY(id));

CREATE TABLE @P@plugins (
  id INT AUTO_INCREMENT NOT NULL, name VARCHAR(191) NOT NULL, bundle VARCHAR(50) NOT NULL, version VARCHAR(191) DEFAULT NULL,
  UNIQUE INDEX @P@unique_bundle (bundle), PRIMARY KEY(id));

CREATE TABLE @P@plugin_integration_settings (
  id INT AUTO_INCREMENT NOT NULL, plugin_id INT DEFAULT NULL, name VARCHAR(191) NOT NULL, is_published TINYINT(1) NOT NULL,
  api_keys LONGTEXT NOT NULL COMMENT '(DC2Type:array)', feature_settings LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)',
  INDEX @NAME idx plugin_integration_settings plugin_id@ (plugin_id), PRIMARY KEY(id),
  CONSTRAINT @NAME fk plugin_integration_settings plugin_id@ FOREIGN KEY (plugin_id) REFERENCES @P@plugins (id) ON DELETE CASCADE);

CREATE TABLE @P@focus (
  id INT AUTO_INCREMENT NOT NULL, name VARCHAR(191) NOT NULL, focus_type VARCHAR(191) NOT NULL,
  properties LONGTEXT NOT NULL COMMENT '(DC2Type:array)', PRIMARY KEY(id));

-- Made by doctrine/migrations 1.
CREATE TABLE @P@migrations (version VARCHAR(255) NOT NULL, PRIMARY KEY(version))
  DEFAULT CHARACTER SET utf8 COLLATE utf8_unicode_ci ENGINE = InnoDB;

-- The custom plugin's own, with types that Doctrine has no mapping for. No release knows of them.
CREATE TABLE @P@acme_hello_visits (
  id BIGINT UNSIGNED AUTO_INCREMENT NOT NULL, kind ENUM('first', 'again', 'it''s "odd"') NOT NULL, flags BIT(8) DEFAULT NULL,
  place POINT DEFAULT NULL, payload VARBINARY(64) DEFAULT NULL, amount DECIMAL(12, 4) DEFAULT NULL,
  seen TIMESTAMP(6) NULL DEFAULT NULL, PRIMARY KEY(id));

CREATE TABLE @P@acme_hello_log (
  id INT AUTO_INCREMENT NOT NULL, lead_id INT NOT NULL, old_points INT NOT NULL, new_points INT NOT NULL, PRIMARY KEY(id));
