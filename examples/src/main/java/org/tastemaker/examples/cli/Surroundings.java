package org.tastemaker.examples.cli;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Cancellation;
import org.tastemaker.examples.QuickStart;
import org.tastemaker.examples.people.Serving;

/**
 * What the commands get from outside.
 *
 * @param quickStart what {@code align} gets; the cancellation and the person who is asked are those
 *     of all commands
 * @param serving ends the page of {@code rank}
 */
record Surroundings(QuickStart.Setup quickStart, Serving serving) {
  static Surroundings ofProgram() {
    QuickStart.Setup setup = QuickStart.Setup.ofProgram();
    return new Surroundings(setup, server -> setup.cancellation().await());
  }

  Cancellation cancellation() {
    return quickStart.cancellation();
  }

  /** Puts a question to a person; empty if there is nobody to ask. */
  Optional<UnaryOperator<@Nullable String>> asking() {
    return quickStart.asking();
  }
}
