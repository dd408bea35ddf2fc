package org.tastemaker.examples.cli;

import java.nio.file.Path;

/** A command that writes to a folder: where space may run out. */
interface Writes {
  /** The folder. */
  Path folder();
}
