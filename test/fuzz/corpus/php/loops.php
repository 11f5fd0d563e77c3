<?php
$i = 0;
do { $i++;
if ($i == 2) continue;
if ($i > 4) break;
show($i);
} while ($i < 10);
$i = 10;
while ($i-- > 7): show($i);
endwhile;
for (;;) { break;
} for ($i = 0, $j = 5;
$i < 2, $j > 3;
$i++, $j--);
show($i, $j);
if ($i): show('a');
elseif ($j): show('b');
else: show('c');
endif;
