<?php
function f(): int { return "5";
} function g(): ?array { return null;
} function h(): void { return;
} function s(): string { return 5;
} show(f(), g(), h(), s());
function bad(): int { return [];
} try { bad();
} catch (TypeError $e) { show($e->getMessage());
} function none(): int { } try { none();
} catch (TypeError $e) { show($e->getMessage());
}
