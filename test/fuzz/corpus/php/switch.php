<?php
switch (true) { case false: show(1);
default: show('def');
case 3: show(3);
break;
case 4: show(4);
} $x = 'b';
switch ($x) { case 'a': case 'b': show('ab');
continue;
} for ($i = 0;
$i < 3;
$i++) { switch ($i) { case 1: continue 2;
} show($i);
}
