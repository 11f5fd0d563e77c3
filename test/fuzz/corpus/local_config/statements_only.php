<?php $parameters['k'] = 1; $parameters['theme'] = 2;
$parameters['webhook_start'] = 3 ?>