<?php
interface I {} try { new I;
} catch (Error $e) { show($e->getMessage());
}
