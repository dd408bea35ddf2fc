package org.tastemaker.human.improve;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Cancellation;
import org.tastemaker.core.Image;

/**
 * Makes images one after the other, those of the latest order alone: a new order cancels the image
 * that is being made, unless that is wanted still.
 */
final class PaintingThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PaintingThread.class);

  private final Painter painter;
  private final Easel easel;
  private final Thread thread;
  private final Deque<Point> wanted = new ArrayDeque<>();
  private @Nullable String busyWith;
  private Cancellation cancellation = new Cancellation();
  private boolean closed;

  /** Takes what was made. Called by the painting thread, which holds no lock meanwhile. */
  interface Easel {
    void painted(Point point, Image image);

    void failed(Throwable failure);
  }

  PaintingThread(Painter painter, Easel easel) {
    this.painter = painter;
    this.easel = easel;
    this.thread = new Thread(this::run, "painter");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Makes these and no others from now on, the first one first. */
  synchronized void order(List<Point> points) {
    wanted.clear();
    List<Point> rest = new ArrayList<>(points);
    if (busyWith != null) {
      boolean still = rest.removeIf(point -> point.key().equals(busyWith));
      if (!still) {
        cancellation.cancel();
      }
    }
    wanted.addAll(rest);
    notifyAll();
  }

  private void run() {
    try {
      while (true) {
        Point point;
        Cancellation mine;
        synchronized (this) {
          busyWith = null;
          while (wanted.isEmpty() && !closed) {
            wait();
          }
          if (closed) {
            return;
          }
          point = wanted.remove();
          busyWith = point.key();
          mine = new Cancellation();
          cancellation = mine;
        }
        paint(point, mine);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void paint(Point point, Cancellation mine) {
    try {
      Image image = painter.paint(point.values(), mine);
      if (!mine.isRequested()) {
        easel.painted(point, image);
      }
    } catch (CancellationException e) {
      LOG.debug("{}", e.getMessage());
    } catch (RuntimeException | Error e) { // the page says so, and can try again
      LOG.warn("an image could not be made", e);
      synchronized (this) {
        wanted.clear();
      }
      easel.failed(e);
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      cancellation.cancel();
      notifyAll();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
