# SPDX-License-Identifier: GPL-3.0-or-later
"""What the world can do to an upgrade: packages, a way to the database, a web server that mean no good."""
