package org.tastemaker.feedback.votes;

import java.util.Iterator;

/** The records of an open file, one after another; it holds one of them at a time. */
public interface Records extends Iterator<Fields>, AutoCloseable {
  @Override
  void close();
}
