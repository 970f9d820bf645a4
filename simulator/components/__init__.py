"""Component rules: pure integer functions of time that every engine calls, so that no engine has its own."""
