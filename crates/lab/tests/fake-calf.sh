#!/bin/sh
# Stands in for the program in the runner's tests: prints what a cell would, or fails in one of the known ways.
# Called as: fake-calf.sh --gc STRATEGY --seed N [--exit full] [--page-map=json --blame-output FILE] SCRIPT ARGUMENT...
strategy=$2
shift 4
if [ "$1" = --exit ]; then shift 2; fi
watched=
if [ "$1" = --page-map=json ]; then
    watched=$3
    shift 3
fi
script=$1
action=$2
case $action in sprinkled | equal | heavy) action=$3 ;; esac
[ -f "$script" ] || { echo "no script $script" >&2; exit 74; }
[ -f "$(dirname "$script")/measure.calf" ] || { echo "no imports beside it" >&2; exit 74; }

if [ -n "$watched" ]; then
    [ "$strategy" = indirect ] && exit 70
    echo "{\"child\":\"$action\",\"pid\":8}"
    echo '{"pageMap":{"pid":8,"regions":[{"name":"objects","map":"scp"}]}}' >&2
    echo '{"firstWrites":{"pid":8,"regions":[{"name":"objects","written":[[1,5],[2,9]],"objects":{"kinds":[],"pages":""}}]}}' >&2
    exit 0
fi

row() { # child, pages by the kernel, pages by the model, cause
    printf '{"child":"%s","objects":1000,"page":4096,' "$1"
    printf '"kernel":{"source":"kernel","pages":%d,"bytes":0,"shared":1000,"regions":{"objects":%d},"causes":{"%s":%d}},' "$2" "$2" "$4" "$2"
    printf '"model":{"pages":%d,"bytes":0,"shared":1000,"regions":{},"causes":{}},"facts":{"x":1}}\n' "$3"
}

case $strategy in
inline) collect=950 ;;
indirect) collect=60 ;;
*) collect=20 ;;
esac
case $strategy in
crash) kill -SEGV $$ ;;
hang)
    # A child that hangs, as a forked one would; its parent waits.
    sleep 98765 &
    wait
    ;;
fail)
    echo "error[TypeError]: Operands must be numbers." >&2
    exit 70
    ;;
exhausted)
    echo "error[OutOfMemory]: The heap is full." >&2
    exit 70
    ;;
nonsense)
    echo "this is not a row"
    exit 0
    ;;
silent) exit 0 ;;
childcrash)
    row control 10 10 stack
    echo "{\"child\":\"$action\",\"exit\":139}"
    exit 0
    ;;
refused)
    echo '{"child":"control","kernel":{"source":"model","pages":5,"shared":1000},"model":{"pages":5,"shared":1000}}'
    echo "{\"child\":\"$action\",\"kernel\":{\"source\":\"model\",\"pages\":25,\"shared\":1000},\"model\":{\"pages\":25,\"shared\":1000}}"
    exit 0
    ;;
esac
row control 10 10 stack
case $action in
read) row read 910 912 count ;;
exit) echo '{"child":"exit","exit":0}' ;;
leave) echo '{"child":"leave","exit":0}' ;;
*) row "$action" $collect $((collect + 3)) header ;;
esac
