# Records that stay: an instance, a list and a string each. Then full collections that find nothing to give back.

class Record
  attr_reader :id
  attr_accessor :tags

  def initialize(id)
    @id = id
    @name = "n" + id.to_s
    @tags = [id, id + 1, @name]
  end
end

# The resident set in bytes.
def resident
  File.read("/proc/self/statm").split[1].to_i * 4096
end

def processor_time
  Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
end

$records = []

def main(count)
  # The outer list has its room before the records are weighed.
  count.times { $records << nil }
  before = resident
  count.times { |i| $records[i] = Record.new(i) }
  puts "# record #{(resident - before) / count.to_f} bytes"
  3.times do
    start = processor_time
    GC.start
    puts "# collection #{(processor_time - start) * 1000} ms"
  end
  sum = 0
  $records.each { |record| sum += record.tags[1] }
  puts sum
end

main(ARGV[0].to_i)
