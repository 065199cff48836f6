call recoder#define('javascript')
