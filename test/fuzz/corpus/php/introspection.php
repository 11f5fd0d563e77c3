<?php
const TOP = 5 * 2;
define('DEF', TOP + 1);
show(TOP, DEF, defined('TOP'), constant('DEF'));
class KK { const Z = 'zz';
} show(constant('KK::Z'), is_callable('strlen'), is_callable(fn() => 1), is_callable([new KK, 'nope']), method_exists('KK', 'x'), property_exists('KK', 'x'), class_exists('KK'), get_parent_class(new KK), is_a(new KK, 'KK'), is_subclass_of(new KK, 'KK'));
show(compact('x') ?? 0);
