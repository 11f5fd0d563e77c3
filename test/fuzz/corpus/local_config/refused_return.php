<?php
return ['k' => 1];
