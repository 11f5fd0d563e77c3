-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: site
-- Server version	10.11.6-MariaDB
/*!40101 SET NAMES utf8mb4 */;
/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a`*/;
DROP TABLE IF EXISTS `t`;
CREATE TABLE `t` (
  `version` varchar(14) NOT NULL,
  `executed_at` datetime DEFAULT NULL COMMENT '(DC2Type:datetime_immutable)',
  PRIMARY KEY (`version`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;
INSERT INTO `t` VALUES ('20150402000000',NULL),('20150504000000','2020-01-01 00:00:00');
INSERT INTO `t` (`executed_at`,`version`) VALUES (NULL,'it''s');
DELIMITER ;;
/*!50003 CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET @a = 1; END */;;
DELIMITER ;
