package org.tastemaker.core.run;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;

/**
 * Files and folders that only their owner can read: 0600 and 0700, from the moment they are made.
 *
 * <p>Prompts, answers, costs and images of a run are nobody else's business on a shared machine.
 * What is there already keeps the permissions that it has: its owner chose them. A file system
 * without such permissions, as on Windows, uses its own.
 */
public final class PrivateFiles {
  private static final String POSIX = "posix";
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private PrivateFiles() {}

  /**
   * Makes a folder and those above it, as far as they are missing.
   *
   * @param folder where
   * @return the folder
   * @throws IOException if it cannot be made, or a file is there
   */
  public static Path createFolders(Path folder) throws IOException {
    return Files.createDirectories(folder, attributes(folder, FOLDER));
  }

  /**
   * Makes a folder, which must not be there.
   *
   * @param folder where; its parent must exist
   * @return the folder
   * @throws IOException if it cannot be made
   */
  public static Path createFolder(Path folder) throws IOException {
    return Files.createDirectory(folder, attributes(folder, FOLDER));
  }

  /**
   * Opens a file, as {@link FileChannel#open(Path, OpenOption...)} does.
   *
   * @param file where; its folder must exist
   * @param options with one that creates the file, if it is to be made
   * @return the channel: the caller closes it
   * @throws IOException if it cannot be opened
   */
  public static FileChannel open(Path file, OpenOption... options) throws IOException {
    return FileChannel.open(file, Set.of(options), attributes(file, FILE));
  }

  /**
   * Makes an empty file, which must not be there, without opening one that is.
   *
   * @param file where; its folder must exist
   * @throws IOException if it cannot be made, or a file is there
   */
  public static void createFile(Path file) throws IOException {
    Files.createFile(file, attributes(file, FILE));
  }

  /**
   * Makes a file of spaces, so that as much can be written in its place later.
   *
   * @param file where; what a killed process left there is replaced
   * @param bytes how long
   * @throws IOException if there is too little room; a part of the file may be there then
   */
  public static void reserve(Path file, long bytes) throws IOException {
    Files.deleteIfExists(file);
    createFile(file);
    byte[] block = new byte[(int) Math.min(bytes, 1 << 14)];
    Arrays.fill(block, (byte) ' ');
    // Not a channel: an interrupted thread would close it.
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      for (long rest = bytes; rest > 0; rest -= block.length) {
        out.write(block, 0, (int) Math.min(rest, block.length));
      }
    }
  }

  /** Gives a new version of a file the permissions of the one that it is about to replace. */
  static void copyPermissions(Path from, Path to) throws IOException {
    if (isPosix(from) && Files.exists(from)) {
      Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
    }
  }

  /** Makes private what somebody else has made. */
  static void makePrivate(Path path) throws IOException {
    if (isPosix(path)) {
      Files.setPosixFilePermissions(path, Files.isDirectory(path) ? FOLDER : FILE);
    }
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> permissions) {
    return isPosix(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
        : new FileAttribute<?>[0];
  }

  private static boolean isPosix(Path path) {
    FileSystem system = path.getFileSystem();
    return system.supportedFileAttributeViews().contains(POSIX);
  }
}
