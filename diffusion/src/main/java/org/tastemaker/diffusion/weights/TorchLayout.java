package org.tastemaker.diffusion.weights;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.tastemaker.diffusion.weights.ZipDirectory.Entry;

/**
 * What a file of PyTorch holds, and where its storages are.
 *
 * <pre>
 *   zip, since PyTorch 1.6:  NAME/data.pkl, NAME/data/KEY for each storage, NAME/byteorder, ...
 *   before:                  pickles of a magic number, a protocol, the system, the tensors, and
 *                            the keys of all storages; then for each its length and its elements
 * </pre>
 */
final class TorchLayout {
  private static final int MOST_PICKLE = 8 << 20;
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long PROTOCOL = 1001;

  /** Bytes in the file. */
  private record Extent(long begin, long size) {}

  private final Path path;
  private final Object root;
  private final Map<String, Extent> storages;

  private TorchLayout(Path path, Object root, Map<String, Extent> storages) {
    this.path = path;
    this.root = root;
    this.storages = storages;
  }

  /** What the pickle of tensors holds. */
  Object root() {
    return root;
  }

  /** Where the storages of tensors begin, by key; each is checked to be there in full. */
  ImmutableMap<String, Long> begins(Collection<TorchTensor> tensors) {
    Map<String, Long> begins = new HashMap<>();
    for (TorchTensor tensor : tensors) {
      TorchStorage storage = tensor.storage();
      Extent extent = storages.get(storage.key());
      long bytes = storage.length() * storage.dtype().bytes();
      if (extent == null || extent.size() < bytes) {
        throw new TorchFileException(
            path
                + ": the storage "
                + SafetensorsHeader.quote(storage.key())
                + " must have "
                + bytes
                + " bytes, but "
                + (extent == null ? "is not there" : "has " + extent.size())
                + ": the file is damaged or cut short");
      }
      begins.put(storage.key(), extent.begin());
    }
    return ImmutableMap.copyOf(begins);
  }

  // ---- The zip

  static TorchLayout ofZip(Path path, FileChannel channel) throws IOException {
    ImmutableMap<String, Entry> entries = ZipDirectory.read(path, channel);
    List<String> pickles =
        entries.keySet().stream().filter(name -> name.endsWith("/data.pkl")).toList();
    if (pickles.size() != 1) {
      throw new TorchFileException(
          path
              + ": expected a zip file of PyTorch with one data.pkl, but it has "
              + pickles.size()
              + "; its entries are "
              + entries.keySet().stream().limit(5).toList()
              + (entries.size() > 5 ? " and more" : ""));
    }
    String pickle = pickles.get(0);
    String start = pickle.substring(0, pickle.length() - "data.pkl".length());
    if (entries.containsKey(start + "constants.pkl")) {
      throw new TorchFileException(
          path
              + ": it is a program of TorchScript, and programs are not run. Convert it in Python:"
              + " safetensors.torch.save_file(torch.jit.load(file).state_dict(), ...)");
    }
    Entry order = entries.get(start + "byteorder");
    if (order != null && read(path, channel, start + "byteorder", order)[0] == 'b') {
      throw new TorchFileException(
          path + ": it was written by a big-endian machine; convert it to safetensors there");
    }
    Entry listed = entries.get(pickle);
    if (listed == null) {
      throw new IllegalStateException(pickle);
    }
    PickleInput in = new PickleInput(path.toString(), read(path, channel, pickle, listed));
    Object root = Pickle.read(path.toString(), in, new TorchObjects(path.toString()));
    Map<String, Extent> storages = new HashMap<>();
    String data = start + "data/";
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      String name = entry.getKey();
      if (name.startsWith(data)) {
        Entry found = ZipDirectory.locate(path, channel, name, entry.getValue());
        if (!found.stored()) {
          throw new TorchFileException(
              path
                  + ": its entry "
                  + SafetensorsHeader.quote(name)
                  + " is compressed, as torch.save writes none; unpack it and pack it again with"
                  + " zip -0");
        }
        storages.put(name.substring(data.length()), new Extent(found.begin(), found.size()));
      }
    }
    return new TorchLayout(path, root, storages);
  }

  /** A small entry in memory. */
  private static byte[] read(Path path, FileChannel channel, String name, Entry listed)
      throws IOException {
    Entry entry = ZipDirectory.locate(path, channel, name, listed);
    if (entry.size() < 1
        || entry.whole() < 1
        || Math.max(entry.size(), entry.whole()) > MOST_PICKLE) {
      throw new TorchFileException(
          path
              + ": its entry "
              + SafetensorsHeader.quote(name)
              + " has "
              + Math.max(entry.size(), entry.whole())
              + " bytes, but may have 1 to "
              + MOST_PICKLE);
    }
    ByteBuffer raw = ByteBuffer.allocate((int) entry.size());
    StoredElements.readFully(path, channel, entry.begin(), raw);
    if (entry.stored()) {
      return raw.array();
    }
    Inflater inflater = new Inflater(true);
    try {
      byte[] whole = new byte[(int) entry.whole()];
      inflater.setInput(raw.array());
      int length = inflater.inflate(whole);
      if (length != whole.length) {
        throw new TorchFileException(
            path + ": its entry " + SafetensorsHeader.quote(name) + " is damaged");
      }
      return whole;
    } catch (DataFormatException e) {
      throw new TorchFileException(
          path + ": its entry " + SafetensorsHeader.quote(name) + " is damaged", e);
    } finally {
      inflater.end();
    }
  }

  // ---- The pickles before

  static TorchLayout ofPickles(Path path, FileChannel channel) throws IOException {
    String where = path.toString();
    long size = channel.size();
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(MOST_PICKLE, size));
    StoredElements.readFully(path, channel, 0, bytes);
    PickleInput in = new PickleInput(where, bytes.array());
    TorchObjects objects = new TorchObjects(where);
    if (!MAGIC.equals(Pickle.read(where, in, objects))) {
      throw new TorchFileException(
          where
              + ": it is a pickle, but not one of PyTorch's files, which begin with a number of"
              + " their own");
    }
    Object protocol = Pickle.read(where, in, objects);
    if (!(protocol instanceof Long version) || version != PROTOCOL) {
      throw new TorchFileException(
          where + ": expected version 1001 of PyTorch's older files, but it has another");
    }
    Object system = Pickle.read(where, in, objects);
    if (system instanceof PickleDict dict
        && Boolean.FALSE.equals(dict.values().get("little_endian"))) {
      throw new TorchFileException(
          where + ": it was written by a big-endian machine; convert it to safetensors there");
    }
    Object root = Pickle.read(where, in, objects);
    if (!(Pickle.read(where, in, objects) instanceof List<?> keys)) {
      throw new TorchFileException(where + ": the list of its storages is damaged");
    }
    Map<String, Extent> storages = new HashMap<>();
    long at = in.position();
    for (Object key : keys) {
      Integer width = key instanceof String text ? objects.widths().get(text) : null;
      if (width == null) {
        throw new TorchFileException(where + ": the list of its storages is damaged");
      }
      if (at > size - 8) {
        throw cut(where, size);
      }
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      StoredElements.readFully(path, channel, at, length);
      long count = length.getLong(0);
      at += 8;
      if (count < 0 || count > (size - at) / width) {
        throw cut(where, size);
      }
      storages.put(String.valueOf(key), new Extent(at, count * width));
      at += count * width;
    }
    return new TorchLayout(path, root, storages);
  }

  private static TorchFileException cut(String where, long size) {
    return new TorchFileException(
        String.format(
            Locale.ROOT,
            "%s: its %d bytes end before its tensors do: the file is cut short; download it again",
            where,
            size));
  }
}
