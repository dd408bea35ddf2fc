package org.tastemaker.feedback.server;

/** Answers a line of a batch as the service answers the same request by itself. */
interface LineService {
  Outgoing answer(String path, String body);
}
