package org.tastemaker.diffusion.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A driver that does nothing, and fails where it is told to. */
final class FakeApi {
  /** The names of the functions that were called. */
  final List<String> calls = new ArrayList<>();

  private final Map<String, Integer> failures = new HashMap<>();
  private final Map<String, Object> results = new HashMap<>();
  private final Memory text = new Memory(64);
  private long handles;

  FakeApi() {
    result("cuDeviceGetCount", 1);
    result("cuDriverGetVersion", 13000);
    result("cuDeviceGetAttribute", 9); // compute capability 9.9
  }

  /** Makes a function return an error. */
  FakeApi fail(String function, int code) {
    failures.put(function, code);
    return this;
  }

  /** What a function writes to its int result. */
  FakeApi result(String function, int value) {
    results.put(function, value);
    return this;
  }

  CudaApi api() {
    return (CudaApi)
        Proxy.newProxyInstance(
            CudaApi.class.getClassLoader(),
            new Class<?>[] {CudaApi.class},
            (proxy, method, arguments) -> {
              String name = method.getName();
              if (name.equals("cuGetErrorName") || name.equals("cuGetErrorString")) {
                String error = name.equals("cuGetErrorName") ? "CUDA_ERROR_" : "number ";
                text.setString(0, error + arguments[0], StandardCharsets.US_ASCII.name());
                ((long[]) arguments[1])[0] = Pointer.nativeValue(text);
                return failures.getOrDefault(name, 0);
              }
              calls.add(name);
              if (failures.containsKey(name)) {
                return failures.get(name);
              }
              if (arguments[0] instanceof int[] out) {
                out[0] = (int) results.getOrDefault(name, 0);
              }
              if (arguments[0] instanceof long[] out) {
                out[0] = ++handles * 256;
              }
              return 0;
            });
  }

  CudaDriver driver() {
    return CudaDriver.of(api());
  }
}
