-- SPDX-License-Identifier: GPL-3.0-or-later
-- What a backup must not forget. Run as the site's own user, who is their definer. @P@ is the table prefix.

CREATE VIEW @P@acme_active_leads AS
  SELECT id, CONCAT_WS(' ', firstname, lastname) AS name, points FROM @P@leads WHERE points > 0;

DELIMITER //
CREATE TRIGGER @P@acme_points AFTER UPDATE ON @P@leads FOR EACH ROW
BEGIN
  IF NEW.points <> OLD.points THEN
    INSERT INTO @P@acme_hello_log (lead_id, old_points, new_points) VALUES (NEW.id, OLD.points, NEW.points);
  END IF;
END//

CREATE FUNCTION @P@acme_greeting (who VARCHAR(191)) RETURNS VARCHAR(255) CHARSET utf8mb4 DETERMINISTIC
  RETURN CONCAT('Hello; "', who, '" 🙂')//

CREATE PROCEDURE @P@acme_add_points (IN contact INT, IN more INT)
BEGIN
  UPDATE @P@leads SET points = points + more WHERE id = contact;
END//

CREATE EVENT @P@acme_forget ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DISABLE
  DO DELETE FROM @P@acme_hello_log WHERE lead_id < 0//
DELIMITER ;
