package org.tastemaker.feedback.server;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Checks each request that any {@link LoopbackServer} of the process gets, before it is answered.
 * Checks are found by a {@link ServiceLoader}: the tests have one that compares requests with
 * OpenAI's API description, so that no test needs to think of it.
 */
interface RequestCheck {
  /** What is wrong with a request; empty if nothing is. */
  Optional<String> complaint(Incoming request);

  /** All checks of the class path. */
  static List<RequestCheck> all() {
    return ServiceLoader.load(RequestCheck.class, RequestCheck.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }
}
